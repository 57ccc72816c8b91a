#!/usr/bin/env bash
# Stop the lab that up.sh started, and remove all its files.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lab/common.sh
source "$here/../common.sh"

lab=$lab_root/gridengine
[[ -d $lab ]] || exit 0
if [[ -x $lab/bin/qdel ]]; then
    timeout 10 "$lab/bin/qdel" -f -u '*' >/dev/null 2>&1 || true
fi
for file in "$lab"/spool/execd/*/execd.pid "$lab/spool/qmaster/qmaster.pid"; do
    stop_daemon "$file"
done
"$here/hosts.sh" down
rm -rf "$lab"
rmdir "$lab_root" 2>/dev/null || true
