#!/usr/bin/env bash
# Bring up a real Grid Engine: a master on host `head`, four hosts of two slots, each a
# namespace of this machine (hosts.sh).
#
#   eval "$(tests/lab/gridengine/up.sh)"    as root; prints what to export
#   tests/lab/gridengine/down.sh            stops it and removes all its files
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lab/common.sh
source "$here/../common.sh"

lab=$lab_root/gridengine
nodes=4
slots=2
library=/usr/lib/gridengine
shared=/usr/share/gridengine
export SGE_ROOT=$lab/root SGE_CELL=lab SGE_CLUSTER_NAME=lab
export SGE_QMASTER_PORT=16444 SGE_EXECD_PORT=16445

on() { "$here/hosts.sh" exec "$@"; }
node_names() { seq -f 'n%g' "$nodes"; }

# A root and a cell of its own: nothing of the installed one is used.
make_cell() {
    local common=$SGE_ROOT/$SGE_CELL/common part
    [[ -e $common/bootstrap ]] && return
    mkdir -p "$common" "$SGE_ROOT"/{bin,lib,utilbin} "$lab"/spool/{db,execd} \
        "$lab/spool/qmaster/job_scripts"
    for part in bin lib utilbin; do ln -sfn "$library" "$SGE_ROOT/$part/lx-amd64"; done
    ln -sfn "$shared/util" "$SGE_ROOT/util"
    echo head >"$common/act_qmaster"
    echo lab >"$common/cluster_name"
    sed -e "s#^execd_spool_dir .*#execd_spool_dir $lab/spool/execd#" \
        -e 's/^min_\([ug]id\).*/min_\1 0/' \
        -e 's/^shell_start_mode.*/shell_start_mode unix_behavior/' \
        -e 's#^mailer.*#mailer /bin/true#' \
        -e 's/^load_report_time.*/load_report_time 00:00:05/' \
        -e 's/^execd_params.*/execd_params ENABLE_ADDGRP_KILL=true/' \
        -e 's/^\(reporting_params .*\)accounting_flush_time=[0-9:]*/\1accounting_flush_time=00:00:00/' \
        "$shared/default-configuration" >"$lab/configuration"
    on head "$library/spoolinit" berkeleydb libspoolb "$lab/spool/db" init
    cat >"$common/bootstrap" <<CONF
admin_user              root
default_domain          none
ignore_fqdn             true
spooling_method         berkeleydb
spooling_lib            libspoolb
spooling_params         $lab/spool/db
binary_path             /usr/sbin
qmaster_spool_dir       $lab/spool/qmaster
security_mode           none
listener_threads        2
worker_threads          2
scheduler_threads       1
CONF
    on head "$library/spooldefaults" configuration "$lab/configuration"
    on head "$library/spooldefaults" complexes "$shared/util/resources/centry"
    on head "$library/spooldefaults" usersets "$shared/util/resources/usersets"
    on head "$library/spooldefaults" managers root
}

configure() {
    local file=$lab/tmp name
    [[ -e $lab/configured ]] && return
    on head qconf -ah head
    on head qconf -as head
    for name in $(node_names); do
        on head qconf -ah "$name" || true
        on head qconf -as "$name" || true
        sed "s/^hostname .*/hostname $name/;s/^complex_values .*/complex_values slots=$slots/" \
            "$here/exec_host" >"$file"
        on head qconf -Ae "$file" || true
    done
    on head qconf -Ap "$here/parallel_environment"
    printf 'group_name @allhosts\nhostlist %s\n' "$(node_names | tr '\n' ' ')" >"$file"
    on head qconf -Ahgrp "$file"
    on head qconf -ssconf | sed -e 's/^schedule_interval.*/schedule_interval 0:0:1/' \
        -e 's/^flush_\(submit\|finish\)_sec.*/flush_\1_sec 1/' >"$file"
    on head qconf -Msconf "$file"
    on head qconf -Aq "$here/queue"
    touch "$lab/configured"
}

wrap_commands() {
    local command
    for command in qsub qstat qdel qacct qconf qhost qmod; do
        cat >"$lab/bin/$command" <<WRAPPER
#!/bin/sh
export SGE_ROOT=$SGE_ROOT SGE_CELL=$SGE_CELL
export SGE_QMASTER_PORT=$SGE_QMASTER_PORT SGE_EXECD_PORT=$SGE_EXECD_PORT
exec "$here/hosts.sh" exec head /usr/bin/$command "\$@"
WRAPPER
        chmod +x "$lab/bin/$command"
    done
}

all_load() {
    [[ $("$lab/bin/qhost" | grep -cE '^n[0-9]+ +lx-amd64 +[0-9]+ .*[0-9]G') == "$nodes" ]]
}

{
    mkdir -p "$lab/bin"
    chmod 755 "$lab_root" "$lab"
    need_packages "$lab/apt.log" \
        gridengine-master gridengine-exec gridengine-client iproute2
    "$here/hosts.sh" up "$nodes"
    make_cell >"$lab/cell.log" 2>&1
    alive "$lab/spool/qmaster/qmaster.pid" || on head sge_qmaster
    wait_for 30 on head qconf -sh
    configure >"$lab/configure.log" 2>&1
    for name in $(node_names); do
        alive "$lab/spool/execd/$name/execd.pid" || on "$name" sge_execd
    done
    wrap_commands
} >&2
if ! wait_for 60 all_load; then
    echo "grid engine did not come up:" >&2
    "$lab/bin/qhost" >&2 || true
    exit 1
fi
echo "export PATH=$lab/bin:\$PATH SGE_ROOT=$SGE_ROOT"
