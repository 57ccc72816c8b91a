#!/usr/bin/env bash
# Hosts head, n1..nN on this one machine: namespaces with a network, a host name and an
# /etc/hosts of their own. Nothing outside the machine can reach them.
#
#   hosts.sh up N | down | exec HOST COMMAND...
set -euo pipefail
prefix=tenbin

hosts() {
    ip netns list | awk '{print $1}' | grep "^$prefix-" || true
}

up() {
    local file host number
    ip netns list | grep -qw "$prefix-head" && return
    file=$(mktemp)
    {
        echo "127.0.0.1 localhost"
        echo "10.88.0.1 head"
        for number in $(seq "$1"); do echo "10.88.0.1$number n$number"; done
    } >"$file"
    for host in head $(seq -f 'n%g' "$1"); do
        ip netns add "$prefix-$host"
        ip -n "$prefix-$host" link set lo up
        mkdir -p "/etc/netns/$prefix-$host"
        install -m 644 "$file" "/etc/netns/$prefix-$host/hosts"
        echo "$host" >"/etc/netns/$prefix-$host/hostname"
    done
    rm -f "$file"
    ip -n "$prefix-head" link add br0 type bridge
    ip -n "$prefix-head" addr add 10.88.0.1/24 dev br0
    ip -n "$prefix-head" link set br0 up
    for number in $(seq "$1"); do
        ip -n "$prefix-head" link add "v$number" type veth \
            peer name eth0 netns "$prefix-n$number"
        ip -n "$prefix-head" link set "v$number" master br0 up
        ip -n "$prefix-n$number" addr add "10.88.0.1$number/24" dev eth0
        ip -n "$prefix-n$number" link set eth0 up
    done
}

# Only what runs inside the lab's own namespaces is ended.
down() {
    local host pid sign
    for sign in TERM KILL; do
        for host in $(hosts); do
            for pid in $(ip netns pids "$host"); do kill -"$sign" "$pid" 2>/dev/null || true; done
        done
        sleep 1
    done
    for host in $(hosts); do
        ip netns del "$host"
        rm -rf "/etc/netns/$host"
    done
}

case $1 in
up) up "$2" ;;
down) down ;;
exec)
    host=$2
    shift 2
    # shellcheck disable=SC2016
    exec ip netns exec "$prefix-$host" \
        unshare --uts sh -c 'hostname "$0"; exec "$@"' "$host" "$@"
    ;;
*) exit 2 ;;
esac
