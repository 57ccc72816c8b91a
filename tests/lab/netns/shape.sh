#!/usr/bin/env bash
# shape.sh RATE|off: limit the link of every node of the lab TENBIN_LAB, both ways.
#
# RATE is in the words of tc: 1gbit, 200mbit. Rates above 2.5gbit are not reached
# reliably: the processors are then the limit. A token bucket shapes the bandwidth;
# the burst holds a whole offloaded segment, as splitting one would add headers, and no
# more, as what the bucket holds is not shaped; the queue holds what the sockets of a
# node can have in flight, as a drop stalls a transfer.
set -euo pipefail

lab=${TENBIN_LAB:?the name of the lab}
rate=${1:?a rate such as 1gbit, or off}

shape() { # NAMESPACE DEVICE
  if [[ $rate == off ]]; then
    tc -n "$1" qdisc del dev "$2" root 2>/dev/null || true # there may be none
  else
    tc -n "$1" qdisc replace dev "$2" root tbf rate "$rate" burst 68kb limit 32mb
  fi
}

for namespace in $(ip netns list | awk -v lab="$lab" '$1 ~ "^" lab "-n[0-9]+$" { print $1 }'); do
  shape "$namespace" eth0
  shape "$lab-sw" "port${namespace##*-n}"
done
