#!/bin/bash
# shellcheck disable=SC1083,SC1091,SC2288,SC2317
#SBATCH --job-name=quick-n4
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=4
#SBATCH --cpus-per-task=4
#SBATCH --time=00:25:00
#SBATCH --account=group1
#SBATCH --output=queue.log
#SBATCH --open-mode=append
#SBATCH --no-requeue
#SBATCH --export=NONE
#SBATCH --exclusive
#
# A job of tenbin: prove the placement, measure, and leave word of how it ended.
#
#   started.json    first thing
#   heartbeat.json  every half minute
#   finished.json   last thing, with the exit code, however the script ends
#   job.log         all it prints; the scheduler's own messages are in queue.log
set -euo pipefail

folder=/home/user/campaign/jobs/n4/1
nodes=4
ranks=16
real_nodes=4
limit_s=1500
margin_s=45
beat_s=30
launcher='srun --nodes={nodes} --ntasks={ranks} --ntasks-per-node={ranks_per_node} --cpu-bind=cores --distribution=block:block --kill-on-bad-exit=1'
job_id="${SLURM_JOB_ID:-}"

# A script that the queue starts twice leaves its second word in a place of its own.
here=$folder
for again in {1..99}; do
    mkdir "$here/claim" 2>/dev/null && break
    here=$folder/rerun-$again
    mkdir -p "$here"
done
exec </dev/null >>"$here/job.log" 2>&1

now_s() { date +%s; }

plain() { tr -cd '[:alnum:] ._:,;/@()[]=+-' <<<"$1" | cut -c 1-400; }

# Readers find a whole file or none.
put() {
    printf '%s\n' "$2" >"$here/.$1.$BASHPID"
    sync "$here/.$1.$BASHPID" 2>/dev/null || true
    mv -f "$here/.$1.$BASHPID" "$here/$1"
}

# The loop ends with the script, even if that is killed; so does its sleep, soon.
beat() {
    local nap=""
    trap 'kill "$nap" 2>/dev/null; exit 0' TERM
    while kill -0 "$$" 2>/dev/null; do
        put heartbeat.json "{\"time_s\": $(now_s)}"
        sleep "$beat_s" &
        nap=$!
        wait "$nap"
    done
}

child=""
beating=""
signal=""
reason=""

last_word() {
    local code=$?
    trap '' EXIT TERM INT USR1 USR2 XCPU
    put finished.json "{\"time_s\": $(now_s), \"exit_code\": $code,\
 \"signal\": \"$signal\", \"reason\": \"$(plain "$reason")\"}"
    [[ -z $beating ]] || kill "$beating" 2>/dev/null || true
    echo "$(date -Is) ended with exit code $code ${signal:+by SIG$signal} $reason"
}

# Some queues kill ten seconds after their warning: what runs gets five to end.
stop() {
    signal=$1
    if [[ -n $child ]] && kill -TERM "$child" 2>/dev/null; then
        for _ in {1..50}; do
            kill -0 "$child" 2>/dev/null || break
            sleep 0.1
        done
    fi
    exit "$2"
}

fail() {
    reason=$1
    exit 70
}

trap last_word EXIT
trap 'stop INT 130' INT
trap 'stop TERM 143' TERM
trap 'stop USR1 138' USR1
trap 'stop USR2 140' USR2
trap 'stop XCPU 152' XCPU

end_s=$(($(now_s) + limit_s - margin_s))
put started.json "{\"time_s\": $(now_s), \"host\": \"$(plain "$(hostname)")\",\
 \"job_id\": \"$(plain "$job_id")\", \"limit_s\": $limit_s,\
 \"heartbeat_every_s\": $beat_s}"
beat &
beating=$!
echo "$(date -Is) job $job_id on $(hostname): $nodes nodes, $ranks ranks, $limit_s s"

# Run a command so that signals reach this script at once and the time limit the
# command first: bash runs a trap only while it waits.
within() {
    local left_s=$((end_s - $(now_s))) most_s=$1
    shift
    ((left_s < most_s)) || left_s=$most_s
    ((left_s > 0)) || exit 124
    timeout --signal=TERM --kill-after=15 "$left_s" "$@" &
    child=$!
    code=0
    wait "$child" || code=$?
    child=""
}

worst=0
measure() {
    echo "$(date -Is) $*"
    within "$limit_s" "$@"
    ((code != 124 && code != 137)) || exit 124
    ((code <= worst)) || worst=$code
}

# Modules may read variables that are not set.
set +u
export SLURM_EXPORT_ENV=ALL SRUN_CPUS_PER_TASK="$SLURM_CPUS_PER_TASK"
set -u
export OMP_NUM_THREADS=4

# Nothing is measured on fewer nodes than asked, or in as many worlds as ranks.
found=$({ scontrol show hostnames "$SLURM_JOB_NODELIST"; } | sort -u)
count=$(grep -c . <<<"$found" || true)
printf '%s\n' "$found" >"$here/hosts.txt"
((count == real_nodes)) || fail "asked for $real_nodes nodes, the queue gave $count"
within 300 /home/user/venv/bin/python -m tenbin.jobs.census "$ranks" "$real_nodes" "$launcher"
((code == 0)) || fail "the launcher does not make one world of $ranks ranks on\
 $real_nodes nodes (exit code $code); see job.log"

measure /home/user/venv/bin/python -m tenbin.jobs.point /home/user/campaign/jobs/n4/1/n4.0.json
measure /home/user/venv/bin/python -m tenbin.jobs.point /home/user/campaign/jobs/n4/1/n4.1.json
exit "$worst"
