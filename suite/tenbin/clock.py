"""One clock for all ranks: offset and drift of each against rank 0.

On one machine every rank reads the same CLOCK_MONOTONIC and the offset is zero. Across
machines one rank of each asks a rank that already knows the time, in a binomial tree:

    round 1   0 -> 1                  the client stamps, asks, stamps again:
    round 2   0 -> 2   1 -> 3         offset = answer - middle of the two stamps,
    round 3   0 -> 4   1 -> 5 ...     wrong by at most half the round trip

The shortest round trips are kept. Two passes some time apart give the drift, a third
the offset. Cost: 3 log2(machines) bursts of PINGS round trips, and DRIFT_BASE_S once.
The residual is what an independent pass, straight to rank 0, then still finds: an
estimate. No such method sees a lasting asymmetry of the two ways, as between a rank
with a processor of its own and one without; the bound, with half of the shortest round
trip added, holds whatever the ways are.
After Hunold and Carpen-Amarie, Hierarchical clock synchronization in MPI, 2018 (HCA3).
"""

import hashlib
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

Now = Callable[[], int]

PINGS = 64
DRIFT_BASE_S = 1.0
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
TIME_NAMESPACE = Path("/proc/self/ns/time")


@dataclass(frozen=True)
class Clock:
    """The way from this rank's clock to the common one, and the error left.

    global = local + offset_ns + drift (local - origin_ns). `residual_s` is the largest
    error found on any rank at `origin_ns`, growing by `drift_error` seconds a second;
    `bound_s` is what the error then was certainly below.
    """

    offset_ns: int = 0
    drift: float = 0.0
    origin_ns: int = 0
    residual_s: float = 0.0
    drift_error: float = 0.0
    bound_s: float = 0.0

    def to_global(self, local_ns: int) -> int:
        """Return the common time of a local stamp."""
        moved = round(self.drift * (local_ns - self.origin_ns))
        return local_ns + self.offset_ns + moved

    def to_local(self, global_ns: int) -> int:
        """Return the local time at which the common clock shows `global_ns`."""
        since = global_ns - self.offset_ns - self.origin_ns
        return self.origin_ns + since - round(since * self.drift / (1.0 + self.drift))

    def stamps(self, local_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the common times of many local stamps."""
        moved = np.rint(self.drift * (local_ns - self.origin_ns)).astype(np.int64)
        return np.asarray(local_ns + self.offset_ns + moved, dtype=np.int64)

    def residual_ns(self, local_ns: int) -> int:
        """Return the error at a local time, rounded up."""
        age_ns = abs(local_ns - self.origin_ns)
        return int(np.ceil(self.residual_s * 1e9 + self.drift_error * age_ns))


def synchronise(
    comm: MPI.Comm,
    earlier: Clock | None = None,
    *,
    now: Now = time.perf_counter_ns,
    identity: str | None = None,
) -> Clock:
    """Find the common clock of all ranks; collective.

    `earlier` is this rank's clock from a former call: the drift is then taken from the
    time since, without a wait, which is cheap enough to repeat before every case.
    """
    group = same(comm, clock_identity() if identity is None else identity)
    if comm.allreduce(group, op=MPI.MAX) == 0:
        return Clock()
    here = comm.Split(group, comm.rank)
    leaders = comm.Split(0 if here.rank == 0 else MPI.UNDEFINED, comm.rank)
    found = None
    if here.rank == 0:
        found = _across(leaders, earlier, now)
        leaders.Free()
    clock: Clock = here.bcast(found)
    here.Free()
    return clock


def same(comm: MPI.Comm, identity: str) -> int:
    """Return the first rank with this identity: a colour for `Split`; collective."""
    digest = hashlib.blake2b(identity.encode(), digest_size=16).digest()
    mine = np.frombuffer(digest, dtype=np.int64)
    everyone = np.empty((comm.size, mine.size), dtype=np.int64)
    comm.Allgather(mine, everyone)
    return int(np.argmax(np.all(everyone == mine, axis=1)))


def boot_identity() -> str:
    """Return what all processes of one running machine share."""
    return BOOT_ID.read_text().strip() if BOOT_ID.exists() else platform.node()


def clock_identity() -> str:
    """Return what processes share whose monotonic clocks are one.

    Host and boot id, as restored snapshots share the latter, and the time namespace.
    """
    namespace = os.readlink(TIME_NAMESPACE) if TIME_NAMESPACE.exists() else ""
    return f"{platform.node()} {boot_identity()} {namespace}"


def estimate(
    sent: NDArray[np.int64], answer: NDArray[np.int64], received: NDArray[np.int64]
) -> tuple[int, int]:
    """Return the offset of the answering clock and the local time it holds for.

    The quarter of the round trips that were shortest decides, by its median.
    """
    middle = sent + (received - sent) // 2
    best = np.argsort(received - sent, kind="stable")[: max(1, sent.size // 4)]
    origin_ns = int(sent[0]) + round(float(np.median((middle - sent[0])[best])))
    return round(float(np.median((answer - middle)[best]))), origin_ns


def corrected(earlier: Clock, offset_ns: int, origin_ns: int) -> float:
    """Return the drift that leads from an earlier clock to a new offset."""
    predicted = earlier.to_global(origin_ns) - origin_ns
    return earlier.drift + (offset_ns - predicted) / (origin_ns - earlier.origin_ns)


def remaining(
    clock: Clock,
    sent: NDArray[np.int64],
    answer: NDArray[np.int64],
    received: NDArray[np.int64],
) -> tuple[int, int]:
    """Return the error of a clock in ns: an estimate, and a bound.

    The estimate is the largest among the shortest quarter of the round trips, never
    above the bound. That is causality's: the answer came between the two stamps.
    """
    trip = received - sent
    error = np.abs(answer - clock.stamps(sent + trip // 2))
    best = np.argsort(trip, kind="stable")[: max(1, sent.size // 4)]
    bound = int(np.min(error + trip // 2)) + 1
    return min(int(np.max(error[best])), bound), bound


def _across(leaders: MPI.Comm, earlier: Clock | None, now: Now) -> Clock:
    """Synchronise the first ranks of all machines."""
    known = earlier or _pass(leaders, 0.0, now)
    if earlier is None:
        time.sleep(DRIFT_BASE_S)
    probe = _pass(leaders, known.drift, now)
    # Rank 0 decides for all.
    age_s = leaders.bcast((probe.origin_ns - known.origin_ns) / 1e9)
    drift, drift_error = known.drift, known.drift_error
    long_enough = age_s > DRIFT_BASE_S / 2
    if long_enough and leaders.rank > 0:
        drift = corrected(known, probe.offset_ns, probe.origin_ns)
    clock = _pass(leaders, drift, now)
    residual_s, bound_s = _residual(leaders, clock, now)
    if long_enough:
        drift_error = (known.residual_s + residual_s) / age_s
    if earlier is None:
        drift_error = 2.0 * residual_s / age_s
    return replace(
        clock, residual_s=residual_s, drift_error=drift_error, bound_s=bound_s
    )


def _pass(leaders: MPI.Comm, drift: float, now: Now) -> Clock:
    """Spread the time of rank 0 down the tree with each rank's drift taken as known."""
    rank, step = leaders.rank, 1
    clock = Clock(drift=drift, origin_ns=now())
    while step < leaders.size:
        if rank < step and rank + step < leaders.size:
            _answer(leaders, rank + step, clock, now)
        elif step <= rank < 2 * step:
            offset_ns, origin_ns = estimate(*_ask(leaders, rank - step, now))
            clock = Clock(offset_ns, drift, origin_ns)
        step *= 2
    return clock


def _residual(leaders: MPI.Comm, clock: Clock, now: Now) -> tuple[float, float]:
    """Return the largest error that asking rank 0 directly finds, and bound, in s."""
    worst_ns = np.zeros(2, dtype=np.int64)
    for client in range(1, leaders.size):
        if leaders.rank == 0:
            _answer(leaders, client, clock, now)
        elif leaders.rank == client:
            worst_ns[:] = remaining(clock, *_ask(leaders, 0, now))
    leaders.Allreduce(MPI.IN_PLACE, worst_ns, op=MPI.MAX)
    return float(worst_ns[0]) / 1e9, float(worst_ns[1]) / 1e9


def _ask(leaders: MPI.Comm, server: int, now: Now) -> NDArray[np.int64]:
    """Ask for the time: rows sent, answer, received of PINGS round trips."""
    stamps = np.empty((3, PINGS), dtype=np.int64)
    note = np.zeros(1, dtype=np.int64)
    for i in range(PINGS):
        before = now()
        leaders.Send(note, server)
        leaders.Recv(note, server)
        after = now()
        stamps[:, i] = before, note[0], after
    return stamps


def _answer(leaders: MPI.Comm, client: int, clock: Clock, now: Now) -> None:
    """Tell the common time PINGS times."""
    note = np.zeros(1, dtype=np.int64)
    for _ in range(PINGS):
        leaders.Recv(note, client)
        note[0] = clock.to_global(now())
        leaders.Send(note, client)
