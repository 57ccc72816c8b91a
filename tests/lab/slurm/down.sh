#!/usr/bin/env bash
# Stop the lab that up.sh started, and remove all its files.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lab/common.sh
source "$here/../common.sh"

lab=$lab_root/slurm
export SLURM_CONF=$lab/slurm.conf
no_jobs() { [[ -z $(timeout 5 squeue -h) ]]; }

[[ -d $lab ]] || exit 0
if alive "$lab/run/slurmctld.pid"; then
    timeout 10 scancel -u "$(id -un)" >/dev/null 2>&1 || true
    wait_for 15 no_jobs || true
fi
for file in "$lab"/run/slurmd.*.pid "$lab/run/slurmctld.pid" "$lab/run/munged.pid"; do
    stop_daemon "$file"
done
rm -rf "$lab"
rmdir "$lab_root" 2>/dev/null || true
