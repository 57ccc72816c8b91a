#!/usr/bin/env bash
# down.sh: end the processes of the lab TENBIN_LAB and remove its namespaces, if any.
set -euo pipefail

lab=${TENBIN_LAB:?the name of the lab}

namespaces() {
  ip netns list | awk -v lab="$lab" '$1 == lab "-sw" || $1 ~ "^" lab "-n[0-9]+$" { print $1 }'
}

for namespace in $(namespaces); do
  for pid in $(ip netns pids "$namespace"); do
    kill -KILL "$pid" 2>/dev/null || true # it may have ended by itself
  done
  ip netns del "$namespace"
done
