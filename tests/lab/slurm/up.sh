#!/usr/bin/env bash
# Bring up a real Slurm of four virtual nodes on this machine, on the loopback only.
#
#   eval "$(tests/lab/slurm/up.sh)"     as root; prints what to export, nothing else
#   tests/lab/slurm/down.sh             stops it and removes all its files
#
# TENBIN_LAB: where it lives. TENBIN_LAB_PORT: first of seven ports. No accounting, as
# on many small clusters; jobs stay visible for ten minutes.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lab/common.sh
source "$here/../common.sh"

lab=$lab_root/slurm
port=${TENBIN_LAB_PORT:-16817}
nodes=4
cpus=2
socket=$lab/munge/socket
export SLURM_CONF=$lab/slurm.conf

write_conf() {
    local host
    host=$(hostname -s)
    cat >"$SLURM_CONF" <<CONF
ClusterName=lab
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$socket
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation=$lab/state
SlurmdSpoolDir=$lab/spool/%n
TmpFS=$lab/tmp/%n
SlurmctldPidFile=$lab/run/slurmctld.pid
SlurmdPidFile=$lab/run/slurmd.%n.pid
SlurmctldLogFile=$lab/log/slurmctld.log
SlurmdLogFile=$lab/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,sched_interval=2,batch_sched_delay=0
ReturnToService=2
KillWait=5
MinJobAge=600
SlurmdParameters=config_overrides
NodeName=node[1-$nodes] NodeHostname=$host NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + nodes))] CPUs=$cpus Boards=1 SocketsPerBoard=1 CoresPerSocket=$cpus ThreadsPerCore=1 RealMemory=2000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=60 DefaultTime=5 State=UP
CONF
}

start_munge() {
    alive "$lab/run/munged.pid" && return
    mkdir -p "$lab/munge"
    chmod 755 "$lab/munge"
    (umask 077 && head -c 1024 /dev/urandom >"$lab/munge/key")
    # --force: a directory above may be writable for all.
    munged --force --key-file="$lab/munge/key" --socket="$socket" --num-threads=2 \
        --pid-file="$lab/run/munged.pid" --log-file="$lab/log/munged.log" \
        --seed-file="$lab/munge/seed" 2>"$lab/log/munged.err"
}

all_idle() {
    [[ $(sinfo -h -N -o '%N %T' | sort -u | grep -cE ' (idle|mixed|allocated)$') == "$nodes" ]]
}

mkdir -p "$lab"/{log,run,state,spool,tmp}
chmod 755 "$lab_root" "$lab"
need_packages "$lab/log/apt.log" slurmctld slurmd slurm-client munge
# Before any Slurm command: without the file each of them tries again for a minute.
write_conf
start_munge
alive "$lab/run/slurmctld.pid" || slurmctld 2>"$lab/log/slurmctld.err"
for number in $(seq "$nodes"); do
    mkdir -p "$lab/spool/node$number" "$lab/tmp/node$number"
    alive "$lab/run/slurmd.node$number.pid" || slurmd -N "node$number"
done
if ! wait_for 60 all_idle; then
    echo "slurm did not come up; the ends of its logs:" >&2
    tail -n 3 "$lab"/log/*.log >&2
    exit 1
fi
echo "export SLURM_CONF=$SLURM_CONF"
