"""Time one case: align the ranks, stamp entry and exit, check what was timed.

    all ranks   reset | start | entry, run, exit | reset | start | ...    one block
    rank 0      gathers the block, decides how long the next one is, tells the others

Only the two stamps and the call lie inside the timed region; what is collective in the
harness lies between blocks, or between reset and start.
"""

import gc
import resource
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from tenbin import rule as rules
from tenbin import samples, starts
from tenbin.check import Check, worse
from tenbin.clock import Clock
from tenbin.kernel import Task
from tenbin.record import CheckRow, SampleRow
from tenbin.rule import Alive, Rule
from tenbin.samples import RAW_LIMIT, Block
from tenbin.topology import LEADER

__all__ = ["RAW_LIMIT", "Outcome", "Rule", "measure"]

ENTRY, EXIT, CPU, SWITCHES, WINDOW = COLUMNS = range(5)
LOST, LATE = SWITCHES, WINDOW  # what the last two become once a block is timed
GATHER_LIMIT = 2**20  # stamps of one kind in a gathered block
CHECKED_BLOCKS = 2
OWN_THREAD = getattr(resource, "RUSAGE_THREAD", resource.RUSAGE_SELF)


@dataclass(frozen=True)
class Outcome:
    """What one case gave. `check` and `flags` are the same on all ranks.

    `samples` are complete on rank 0; elsewhere their lists are empty. Flags are
    `oversubscribed` (more ranks than processors on a machine), `unsynchronised` (the
    clocks do not agree within 1 us and 10 % of the shortest time: the stamps of each
    rank are then relative to its own entry, so that the makespan is the longest local
    time) and those of `rule.judge`: `unsteady`, `contaminated`, `late`.
    """

    samples: SampleRow
    check: CheckRow
    flags: tuple[str, ...]


def measure(
    comm: MPI.Comm,
    task: Task,
    rule: Rule,
    clock: Clock,
    alive: Alive = rules.silent,
) -> Outcome:
    """Warm up, time and check `task` under `rule`; collective over `comm`.

    The first, a random and the last timed repetition are checked; a wrong result ends
    the measurement. A course (`task.repetitions`) is timed that often, not warmed up,
    and rank 0 tells `alive` how far it has come: repetitions done, of how many, and how
    many of them before. `task.reset` gets the number of the repetition, with warm-ups.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _measure(comm, task, rule, clock, alive)
    finally:
        if collecting:
            gc.enable()


def _measure(
    comm: MPI.Comm,
    task: Task,
    rule: Rule,
    clock: Clock,
    alive: Alive,
) -> Outcome:
    """Warm up, agree on the start, repeat, and put the outcome together."""
    flags = {"oversubscribed"} if starts.crowded(comm) else set()
    start = rules.first_start(rule, comm.size, bool(flags), _residual_ns(comm, clock))
    if task.repetitions and start == "window":
        start = "barrier"  # a course is long, and has no warm-up to find its lead in
    timer = _Timer(comm, task, clock, starts.make(start, comm, clock))
    warmup = [] if task.repetitions else _follow(comm, rules.warm_up(rule), timer)[0]
    warmup_ns: list[int] = comm.bcast([int(t) for b in warmup for t in b.makespans])

    # Only now is it known how short the operation is.
    residual_ns = _residual_ns(comm, clock)
    if comm.size > 1 and not rules.synchronised(residual_ns, warmup_ns):
        flags.add("unsynchronised")
        timer.comparable = False
        if rule.start == "auto" and start == "window":
            start, timer.start = "barrier", starts.Barrier(comm)

    checker = _Checker(comm, task)
    longest = max(1, GATHER_LIMIT // comm.size)
    patient = rule.start != "auto" or start != "window"
    orders = rules.repeat(rule, longest, patient)
    if task.repetitions:
        told = alive if comm.rank == LEADER else rules.silent
        orders = rules.course(task.repetitions, task.earlier, told)
    blocks, stop = _follow(comm, orders, timer, checker.after_block)
    if comm.bcast(stop == "late"):
        flags.add("late")
        start, timer.start = "barrier", starts.Barrier(comm)
        orders = rules.repeat(rule, longest)
        blocks, stop = _follow(comm, orders, timer, checker.after_block)
    checker.at_end()
    facts = {
        "warmup_ns": warmup_ns,
        "start": start,
        "residual_ns": residual_ns,
        "stop": stop if checker.worst.ok else "check",
    }
    timed = samples.join(blocks) if blocks else samples.NOTHING
    if comm.rank == LEADER:
        flags |= rules.judge(warmup_ns, timed, rule)
        if task.repetitions:
            flags.discard("unsteady")  # epochs differ, and are not each other's copies
    named: tuple[str, ...] = comm.bcast(tuple(sorted(flags)))
    return Outcome(samples.to_row(timed, comm.size, facts), checker.row(), named)


def time_block(
    task: Task, start: starts.Start, first: int, columns: NDArray[np.int64]
) -> None:
    """Time one repetition for each column; rows are ENTRY, EXIT, CPU, SWITCHES, WINDOW.

    Times are local. Processor time is that of this thread without the spinning; the
    calls that read it add up to 1 us to it, nothing to entry and exit, and are hidden
    in the window where there is one.
    """
    reset, run = task.reset, task.run
    now, cpu = time.perf_counter_ns, time.thread_time_ns
    usage, own = resource.getrusage, OWN_THREAD
    for i in range(columns.shape[1]):
        reset(first + i)
        window = start()
        switches = usage(own).ru_nivcsw
        idle = cpu()
        entry = ready = now()
        while entry < window:
            entry = now()
        run()
        exit = now()
        busy = cpu()
        switches = usage(own).ru_nivcsw - switches
        columns[:, i] = entry, exit, busy - idle - (entry - ready), switches, window


@dataclass
class _Timer:
    """Times blocks on all ranks; the gathered Block is rank 0's, None elsewhere."""

    comm: MPI.Comm
    task: Task
    clock: Clock
    start: starts.Start
    comparable: bool = True
    done: int = 0

    def __call__(self, count: int) -> Block | None:
        columns = np.zeros((len(COLUMNS), count), dtype=np.int64)
        began = time.perf_counter()
        time_block(self.task, self.start, self.done, columns)
        spent_s = time.perf_counter() - began
        self.done += count
        block = _gather(self.comm, _finish(columns, self.clock), spent_s)
        if block is None:
            return None
        self.start.adapt(int(np.count_nonzero(block.late)), count)
        return block if self.comparable else samples.local(block)


def _finish(columns: NDArray[np.int64], clock: Clock) -> NDArray[np.int64]:
    """Turn switches into LOST, windows into LATE and local stamps into common ones."""
    entry, exit, cpu, switches, window = columns
    return np.stack(
        (
            clock.stamps(entry),
            clock.stamps(exit),
            np.maximum(cpu, 0),
            samples.lost_processor(exit - entry, cpu, switches),
            samples.started_late(entry, exit, window),
        )
    )


def _gather(comm: MPI.Comm, columns: NDArray[np.int64], spent_s: float) -> Block | None:
    """Return the block of all ranks on rank 0, None elsewhere."""
    everyone = None
    if comm.rank == LEADER:
        everyone = np.empty((comm.size, *columns.shape), dtype=np.int64)
    comm.Gather(columns, everyone, LEADER)
    if everyone is None:
        return None
    return Block(
        entry_ns=everyone[:, ENTRY].T.copy(),
        exit_ns=everyone[:, EXIT].T.copy(),
        cpu_ns=everyone[:, CPU].max(axis=0),
        lost=everyone[:, LOST].max(axis=0) > 0,
        late=everyone[:, LATE].max(axis=0) > 0,
        spent_s=spent_s,
    )


def _follow(
    comm: MPI.Comm,
    orders: Generator[int, Block, str],
    timer: _Timer,
    go_on: Callable[[], bool] = lambda: True,
) -> tuple[list[Block], str]:
    """Time the blocks that rank 0 orders; return them, and why they ended, there."""
    blocks: list[Block] = []
    count = next(orders)
    order = np.array([count], dtype=np.int64)
    reason = ""
    while True:
        comm.Bcast(order, LEADER)
        if order[0] == 0:
            return blocks, reason
        block = timer(int(order[0]))
        if not go_on():
            order[0] = 0
        if block is not None:
            blocks = samples.keep([*blocks, block])
            order[0], reason = _next(orders, block) if order[0] else (0, "check")


def _next(orders: Generator[int, Block, str], block: Block) -> tuple[int, str]:
    """Return the next length and no reason, or 0 and the reason to stop."""
    try:
        return orders.send(block), ""
    except StopIteration as end:
        return 0, end.value


@dataclass
class _Checker:
    """Checks the timed repetitions that end the first blocks, and the very last one."""

    comm: MPI.Comm
    task: Task
    worst: Check = field(default_factory=Check.none)
    blocks: int = 0
    checked: int = 0

    def after_block(self) -> bool:
        """Check where it is due; return whether all is right so far."""
        self.blocks += 1
        if self.blocks <= CHECKED_BLOCKS:
            self._check()
        return self.worst.ok

    def at_end(self) -> None:
        """Check the last repetition unless that was just done."""
        if self.blocks > CHECKED_BLOCKS:
            self._check()

    def row(self) -> CheckRow:
        """Return the verdict; an error without bounds becomes None."""
        worst = self.worst
        repetitions = self.checked if worst.method else 0
        return CheckRow(
            ok=worst.ok,
            error=worst.error if np.isfinite(worst.error) else None,
            method=worst.method,
            repetitions=repetitions,
        )

    def _check(self) -> None:
        agreed = self.comm.allreduce(self.task.check(), op=worse)
        self.worst = worse(self.worst, agreed)
        self.checked += 1


def _residual_ns(comm: MPI.Comm, clock: Clock) -> int:
    """Return the largest error of any rank's clock now."""
    mine = clock.residual_ns(time.perf_counter_ns())
    return int(comm.allreduce(mine, op=MPI.MAX))
