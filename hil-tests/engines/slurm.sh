#!/usr/bin/env bash
# A real Slurm, two nodes on this machine, and a gate on it: `hil-tests/engines/slurm.sh [--install] [BENCH]`.
#
#   hil-tests/engines/slurm.sh --install                      # the packages, then the test
#   hil-tests/engines/slurm.sh target/release/bench -- CMD    # another command instead of the test, with
#                                                             # $BENCH, $SLURM_CONF and two nodes, bench1 and bench2
#
# Needs root, for munge and slurmd. Everything listens on loopback, in a folder of its own, and is stopped
# in the end.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
if [ "${1:-}" = --install ]; then
    shift
    if ! dpkg-query --show slurm-wlm munge >/dev/null 2>&1; then
        apt-get -qq -o DPkg::Lock::Timeout=400 update
        apt-get -qq -o DPkg::Lock::Timeout=400 install -y --no-install-recommends slurm-wlm munge >/dev/null
    fi
fi
BENCH=${BENCH:-${CARGO_TARGET_DIR:-$root/target}/debug/bench}
if [ $# -gt 0 ] && [ "$1" != -- ]; then
    BENCH=$(realpath "$1")
    shift
fi
[ "${1:-}" = -- ] && shift
export BENCH
command -v "$BENCH" >/dev/null || { echo "there is no $BENCH: build it first" >&2; exit 2; }

place=$(mktemp -d)
pids=()
stop() {
    for file in "$place"/slurmd-*.pid "$place/ctld.pid" "$place/munged.pid"; do
        [ -s "$file" ] && kill "$(cat "$file")" 2>/dev/null || true
    done
    # What they leave: a slurmstepd ends with its job.
    for _ in $(seq 50); do
        ls "$place"/*.pid >/dev/null 2>&1 || break
        sleep 0.1
    done
    rm -rf "$place"
}
trap stop EXIT

# munge with a key and a socket of its own; those of the machine are left alone.
chmod 755 "$place"
install -d -m 700 "$place/key"
install -d -m 755 "$place/munge"
dd if=/dev/urandom of="$place/key/munge.key" bs=1024 count=1 status=none
chmod 400 "$place/key/munge.key"
munged --key-file="$place/key/munge.key" --socket="$place/munge/socket" --force \
    --pid-file="$place/munged.pid" --log-file="$place/munge/log" --seed-file="$place/munge/seed"

mkdir -p "$place/ctl" "$place/bench1" "$place/bench2"
host=$(hostname)
free=$(python3 -c '
import socket
ports = []
for _ in range(3):
    one = socket.socket(); one.bind(("127.0.0.1", 0)); ports.append(one)
print(*(one.getsockname()[1] for one in ports))')
read -r control first second <<<"$free"
cat >"$place/slurm.conf" <<X
ClusterName=bench
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$control
AuthType=auth/munge
AuthInfo=socket=$place/munge/socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$place/ctl
SlurmdSpoolDir=$place/%n
SlurmctldPidFile=$place/ctld.pid
SlurmdPidFile=$place/slurmd-%n.pid
SlurmctldLogFile=$place/ctld.log
SlurmdLogFile=$place/%n.log
# No cgroups: they are missing in containers.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0
ReturnToService=2
MpiDefault=none
SwitchType=switch/none
NodeName=bench1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$first CPUs=1 Features=psu_scpi,chamber State=UNKNOWN
NodeName=bench2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$second CPUs=1 Features=psu_scpi State=UNKNOWN
PartitionName=hil Nodes=bench[1-2] Default=YES MaxTime=INFINITE State=UP OverSubscribe=EXCLUSIVE
X
echo 'CgroupPlugin=autodetect' >"$place/cgroup.conf"
export SLURM_CONF=$place/slurm.conf
slurmctld -f "$SLURM_CONF"
slurmd -f "$SLURM_CONF" -N bench1
slurmd -f "$SLURM_CONF" -N bench2
for _ in $(seq 100); do
    idle=$(sinfo --noheader --Node --format=%t 2>/dev/null | grep -c '^idle$' || true)
    [ "$idle" = 2 ] && break
    sleep 0.2
done
[ "$idle" = 2 ] || { echo "the two nodes are not idle:" >&2; sinfo -N >&2; tail -5 "$place"/*.log >&2; exit 1; }

cd "$root"
if [ $# -gt 0 ]; then
    "$@"
    exit
fi

gate=hil-tests/engines/gate.toml
fail() {
    echo "$*" >&2
    tail -n 20 "$place"/*.said "$place"/*/log/*.log >&2 || true
    exit 1
}
submit() { # name, gate's file, shards
    "$BENCH" submit "$2" --engine slurm --shards "$3" --out "$place/$1" --wait >"$place/$1.said" 2>&1
}
expect() { # process, name, expected code, what it must say, what it is
    code=0
    wait "$1" || code=$?
    [ "$code" = "$3" ] || fail "$5: it ended with $code, not with $3"
    grep -q "$4" "$place/$2.said" || fail "$5: it does not say '$4'"
    echo "ok  $5: $3"
}

# Three gates at a time on the two nodes: one of which a worker is killed, one that passes, one that fails.
sed -e "s|\.\./|$root/hil-tests/|g" -e "s/^seeds .*/seeds = [$(seq -s, 60)]/" $gate >"$place/long.toml"
sed -e 's/^max .*/max = 27.5/' -e "s|\.\./|$root/hil-tests/|g" hil-tests/campaigns/smoke.toml >"$place/strict.toml"
sed -e "s|\.\./campaigns/smoke.toml|$place/strict.toml|" -e "s|\.\./|$root/hil-tests/|g" \
    -e 's/^seeds .*/seeds = [1]/' $gate >"$place/fails.toml"
submit long "$place/long.toml" 2 &
long=$!
submit good $gate 2 &
good=$!
submit fails "$place/fails.toml" 1 &
fails=$!
for _ in $(seq 300); do
    worker=$(pgrep -f "gate .*long.toml --shard-from-env .*$place/long/shard-2" | head -1 || true)
    [ -n "$worker" ] && [ -d "$place/long/shard-2/runs" ] && break
    sleep 0.1
done
[ -n "$worker" ] || fail "the second shard did not start"
kill -9 "$worker"
expect $good good 0 '^ALLOWED .*: 4 of 4 runs passed' "a gate on two nodes is allowed"
expect $fails fails 1 '^BLOCKED ' "a gate that fails is blocked through Slurm"
expect $long long 3 '1 of 2 shards lost: .*/long/shard-2 ' "a worker killed with -9 is a lost shard"
[ ! -e "$place/long/merged" ] || fail "something was decided without the lost shard"
