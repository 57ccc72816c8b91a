# What the labs share: packages from Debian, daemons found again by their pid files.
# shellcheck shell=bash

# shellcheck disable=SC2034
lab_root=${TENBIN_LAB:-${TMPDIR:-/tmp}/tenbin-lab}

alive() {
    local pid
    pid=$(cat "$1" 2>/dev/null) && [[ -n $pid ]] && kill -0 "$pid" 2>/dev/null
}

# stop_daemon PIDFILE: ask, wait ten seconds, insist.
stop_daemon() {
    local pid
    alive "$1" || { rm -f "$1"; return 0; }
    pid=$(cat "$1")
    kill "$pid" 2>/dev/null || true
    for _ in {1..100}; do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
    rm -f "$1"
}

# need_packages LOG PACKAGE...: install what is missing; no package starts a daemon.
need_packages() {
    local log=$1 policy=/usr/sbin/policy-rc.d missing=() made=""
    shift
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        made=yes
    fi
    local code=0
    {
        apt-get update -qq &&
            DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
                --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}"
    } >"$log" 2>&1 || code=$?
    [[ -z $made ]] || rm -f "$policy"
    ((code == 0)) || { tail -5 "$log" >&2; return "$code"; }
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
    local tries=$(($1 * 5))
    shift
    for ((; tries > 0; tries--)); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.2
    done
    return 1
}
