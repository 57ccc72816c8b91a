#!/usr/bin/env bash
# up.sh [NODES]: make network namespaces that act as nodes, joined by a switch.
#
#   LAB-n0   LAB-n1   ...          eth0 10.77.0.10, 10.77.0.11, ...
#      \       /                   one veth pair each
#       LAB-sw  br0                10.77.0.254; mpiexec runs here
#
# TENBIN_LAB names the lab. All links live inside its namespaces, so nothing touches
# the network of the machine and labs of other names may stand beside this one.
set -euo pipefail

lab=${TENBIN_LAB:?the name of the lab}
nodes=${1:-4}
here=$(cd "$(dirname "$0")" && pwd)

"$here/down.sh"
trap '"$here/down.sh"' ERR

ip netns add "$lab-sw"
ip -n "$lab-sw" link set lo up
ip -n "$lab-sw" link add br0 type bridge
ip -n "$lab-sw" addr add 10.77.0.254/24 dev br0
ip -n "$lab-sw" link set br0 up
for ((i = 0; i < nodes; i++)); do
  ip netns add "$lab-n$i"
  ip -n "$lab-n$i" link set lo up
  ip -n "$lab-sw" link add "port$i" type veth peer name eth0 netns "$lab-n$i"
  ip -n "$lab-sw" link set "port$i" master br0
  ip -n "$lab-sw" link set "port$i" up
  ip -n "$lab-n$i" addr add "10.77.0.$((10 + i))/24" dev eth0
  ip -n "$lab-n$i" link set eth0 up
done
