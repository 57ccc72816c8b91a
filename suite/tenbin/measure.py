"""Time one case: align the ranks, stamp entry and exit, check what was timed.

    all ranks   reset | start | entry, run, exit | reset | start | ...    one block
    rank 0      gathers the block, decides how long the next one is, tells the others

What is collective in the harness lies between blocks, or between reset and start.
"""

import gc
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import numpy as np
from mpi4py import MPI

from tenbin import rule as rules
from tenbin import samples, starts
from tenbin.check import Check, worse
from tenbin.clock import Clock
from tenbin.kernel import Task
from tenbin.record import CheckRow, SampleRow
from tenbin.rule import Alive, Rule
from tenbin.samples import RAW_LIMIT, Block
from tenbin.timer import UNSYNCHRONISED, Timer
from tenbin.topology import LEADER

__all__ = ["RAW_LIMIT", "Outcome", "Rule", "measure"]

CHECKED_BLOCKS = 2

Orders = Generator[int, Block, str]  # yields the length of the next block


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
    timer, checker = Timer(comm, task, clock), _Checker(comm, task)
    _first_start(timer, rule)
    warmup_ns = _warm_up(timer, rule)
    residual_ns = _agree(timer, rule, warmup_ns)
    blocks, stop = _repeat(timer, rule, alive, checker)
    checker.at_end()
    facts = {
        "warmup_ns": warmup_ns,
        "start": timer.start_name,
        "residual_ns": residual_ns,
        "stop": stop if checker.worst.ok else "check",
    }
    timed = samples.join(blocks) if blocks else samples.NOTHING
    flags = _flags(timer, rule, warmup_ns, timed)
    return Outcome(samples.to_row(timed, comm.size, facts), checker.row(), flags)


def _first_start(timer: Timer, rule: Rule) -> None:
    """Choose the start to warm up with."""
    crowded = starts.crowded(timer.comm)
    if crowded:
        timer.flags.add("oversubscribed")
    name = rules.first_start(rule, timer.comm.size, crowded, timer.residual_ns())
    if timer.task.repetitions and name == "window":
        name = "barrier"  # a course is long, and has no warm-up to find its lead in
    timer.start_with(name)


def _warm_up(timer: Timer, rule: Rule) -> list[int]:
    """Return the times of the warm-up, the same on all ranks; a course has none."""
    course = timer.task.repetitions
    blocks = [] if course else _follow(timer, rules.warm_up(rule))[0]
    times: list[int] = timer.comm.bcast([int(t) for b in blocks for t in b.makespans])
    return times


def _agree(timer: Timer, rule: Rule, warmup_ns: list[int]) -> int:
    """Return the error of the clocks; where it is too large, do without them.

    Only after the warm-up is it known how short the operation is.
    """
    residual_ns = timer.residual_ns()
    if timer.comm.size > 1 and not rules.synchronised(residual_ns, warmup_ns):
        timer.flags.add(UNSYNCHRONISED)
        if rule.start == "auto" and timer.start_name == "window":
            timer.start_with("barrier")
    return residual_ns


def _repeat(
    timer: Timer, rule: Rule, alive: Alive, checker: "_Checker"
) -> tuple[list[Block], str]:
    """Time and check until it is enough; windows that are hopeless give way."""
    orders = _orders(timer, rule, alive)
    blocks, stop = _follow(timer, orders, checker.after_block)
    if timer.comm.bcast(stop == "late"):
        timer.flags.add("late")
        timer.start_with("barrier")
        orders = rules.repeat(rule, timer.longest)
        blocks, stop = _follow(timer, orders, checker.after_block)
    return blocks, stop


def _orders(timer: Timer, rule: Rule, alive: Alive) -> Orders:
    """Return what orders the timed blocks: a rule, or the length of a course."""
    task = timer.task
    if task.repetitions:
        told = alive if timer.comm.rank == LEADER else rules.silent
        return rules.course(task.repetitions, task.earlier, told)
    patient = rule.start != "auto" or timer.start_name != "window"
    return rules.repeat(rule, timer.longest, patient)


def _flags(
    timer: Timer, rule: Rule, warmup_ns: list[int], timed: Block
) -> tuple[str, ...]:
    """Return the flags by name, the same on all ranks."""
    flags = set(timer.flags)
    if timer.comm.rank == LEADER:
        flags |= rules.judge(warmup_ns, timed, rule)
        if timer.task.repetitions:
            flags.discard("unsteady")  # epochs differ, and are not each other's copies
    named: tuple[str, ...] = timer.comm.bcast(tuple(sorted(flags)))
    return named


def _follow(
    timer: Timer,
    orders: Orders,
    go_on: Callable[[], bool] = lambda: True,
) -> tuple[list[Block], str]:
    """Time the blocks that rank 0 orders; return them, and why they ended, there."""
    blocks: list[Block] = []
    count = next(orders)
    order = np.array([count], dtype=np.int64)
    reason = ""
    while True:
        timer.comm.Bcast(order, LEADER)
        if order[0] == 0:
            return blocks, reason
        block = timer(int(order[0]))
        if not go_on():
            order[0] = 0
        if block is not None:
            blocks = samples.keep([*blocks, block])
            order[0], reason = _next(orders, block) if order[0] else (0, "check")


def _next(orders: Orders, block: Block) -> tuple[int, str]:
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
