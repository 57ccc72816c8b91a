"""When to stop: the decisions of a measurement, on plain times, without MPI.

    warm_up   1 | 5 | 5 | ...  until two blocks do not differ, or a cap
    repeat    1 | random | grow by half | ...  until the median is known, or a cap

Both are generators: they yield the length of the next block and are sent the Block
that came of it. Rank 0 asks them, all ranks follow; a test may drive them with
simulated times. The launch, not the repetition, is the unit of replication: the
interval here only says when more repetitions in this launch are not worth their time.
"""

import random
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass

import numpy as np

from tenbin import stats
from tenbin.errors import UsageError, unknown
from tenbin.samples import Block

Alive = Callable[[int, int, int], object]  # repetitions done, of how many, and earlier

STARTS = ("auto", "window", "barrier")
FEWEST_TIMED = 3
WARMUP_SHARE = 0.5  # of the budget, on top of it
LARGEST_RESIDUAL_NS = 1000
RESIDUAL_SHARE = 0.1
CONTAMINATED_SHARE = 0.2
LATE_SHARE = 0.05
HOPELESS_SHARE = 0.1  # of late repetitions: a barrier is better
LATE_TELLS = 60  # repetitions that the windows have to find their lead
LONGER = 4
LONGEST_LEAD_NS = 200_000


@dataclass(frozen=True)
class Rule:
    """The stopping rule of one case; raises UsageError for values without meaning.

    `budget_s` bounds the timed repetitions with their resets, half as much again the
    warm-up. It yields to the least there must be: 1 warm-up and FEWEST_TIMED
    repetitions, however long they take. `precision` is the half-width of the 95 %
    interval of the median over the median. `seed` chooses the repetition that is
    checked besides the first and the last.
    """

    budget_s: float = 1.0
    precision: float = 0.02
    min_repetitions: int = 10
    max_repetitions: int = 10_000
    max_warmup: int = 50
    start: str = "auto"
    seed: int = 1

    def __post_init__(self) -> None:
        if self.start not in STARTS:
            raise unknown("start", self.start, STARTS)
        if not self.budget_s > 0.0 or not self.precision > 0.0:
            raise UsageError("budget_s and precision must be positive")
        if not 1 <= self.min_repetitions <= self.max_repetitions:
            raise UsageError("need 1 <= min_repetitions <= max_repetitions")
        if self.max_warmup < 1:
            raise UsageError("max_warmup must be at least 1: the first call")


def warm_up(rule: Rule) -> Generator[int, Block, str]:
    """Order warm-up blocks until the times are steady or a cap is reached.

    Two blocks of five differ at 5 % only where hardly any of their times overlap: a
    step that comes later, or a slow trend, is not seen here.
    """
    times: list[int] = []
    spent_s = 0.0
    count = 1
    while count:
        block = yield count
        times += block.makespans.tolist()
        spent_s += block.spent_s
        count = next_warmup(times, spent_s, block.spent_s / len(block.cpu_ns), rule)
    return "steady" if stats.steady(times) else "cap"


def next_warmup(times: list[int], spent_s: float, cost_s: float, rule: Rule) -> int:
    """Return the length of the next warm-up block; 0 to end the warm-up.

    `cost_s` is what one repetition took of late.
    """
    if stats.steady(times):
        return 0
    room_s = WARMUP_SHARE * rule.budget_s - spent_s
    affordable = int(room_s / cost_s) if cost_s > 0.0 else rule.max_warmup
    # The first call may cost far more than the others; one more tells.
    if len(times) == 1 and room_s > 0.0:
        affordable = max(affordable, 1)
    left = rule.max_warmup - len(times)
    return max(0, min(stats.SMALLEST_BLOCK, affordable, left))


def repeat(
    rule: Rule, longest: int, patient: bool = True
) -> Generator[int, Block, str]:
    """Order timed blocks of at most `longest`; return why it was enough.

    The first block is one repetition and the second ends at a random one, so that
    both can be checked; so can the last. Unless `patient`, it ends with "late" once
    a tenth starts after its window: a rank that is kept from its processor while the
    others spin makes a window worse than a barrier.
    """
    chance = random.Random(rule.seed)
    times = np.empty(0, dtype=np.int64)
    spent_s, late = 0.0, 0
    count, reason = 1, ""
    while not reason:
        block = yield count
        times = np.concatenate((times, block.makespans))
        spent_s += block.spent_s
        late += int(np.count_nonzero(block.late))
        reason = enough(times, spent_s, rule)
        if not patient and hopeless(block, late, times.size, bool(reason)):
            reason = "late"
        count = min(next_block(times.size, spent_s, rule), longest)
        if times.size == 1:
            count = chance.randint(1, count)
    return reason


def silent(done: int, whole: int, earlier: int) -> None:
    """Tell nobody how far a course has come."""


def course(repetitions: int, earlier: int, alive: Alive) -> Generator[int, Block, str]:
    """Order so many repetitions one by one: each goes on from the one before.

    `alive` is told how many are done, of how many, and how many of them `earlier`: they
    may be long.
    """
    whole = earlier + repetitions
    alive(earlier, whole, earlier)
    for done in range(earlier, whole):
        yield 1
        alive(done + 1, whole, earlier)
    return "repetitions"


def hopeless(block: Block, late: int, done: int, last: bool) -> bool:
    """Return whether windows come late although they had time to find their lead.

    `late` of the `done` repetitions did, `block` being the latest of them; after the
    `last` one all of them count.
    """
    if last:
        return late > HOPELESS_SHARE * done
    return done >= LATE_TELLS and bool(np.mean(block.late) > HOPELESS_SHARE)


def enough(times: stats.Stamps, spent_s: float, rule: Rule) -> str:
    """Return the reason to stop, an empty string while there is none."""
    if times.size >= rule.max_repetitions:
        return "repetitions"
    if times.size < FEWEST_TIMED:
        return ""
    if times.size >= rule.min_repetitions:  # noqa: SIM102
        if stats.half_width(times) <= rule.precision:
            return "precision"
    if spent_s * (times.size + 1) / times.size > rule.budget_s:
        return "budget"
    return ""


def next_block(done: int, spent_s: float, rule: Rule) -> int:
    """Return how many repetitions to add: half as many again, within the budget."""
    wanted = max(rule.min_repetitions - done, done // 2, 1)
    if spent_s > 0.0:
        room_s = max(rule.budget_s - spent_s, 0.0)
        wanted = min(wanted, int(room_s / spent_s * done))
    return max(1, min(wanted, rule.max_repetitions - done))


def first_start(rule: Rule, ranks: int, crowded: bool, residual_ns: int) -> str:
    """Return the start to warm up with: "none", "window" or "barrier".

    A lone rank has nothing to wait for. Where ranks outnumber processors a spinning
    rank keeps another from its start.
    """
    if ranks == 1:
        return "none"
    if rule.start != "auto":
        return rule.start
    return "barrier" if crowded or residual_ns > LARGEST_RESIDUAL_NS else "window"


def synchronised(residual_ns: int, times: Iterable[int]) -> bool:
    """Return whether the error is at most 1 us and 10 % of the shortest time."""
    shortest_ns = min(times, default=np.inf)
    return bool(residual_ns <= min(LARGEST_RESIDUAL_NS, RESIDUAL_SHARE * shortest_ns))


def next_lead(lead_ns: int, late: int, repetitions: int) -> int:
    """Return the lead of the next windows: longer after more than 1 % late."""
    if late * 100 <= repetitions:
        return lead_ns
    return min(LONGER * lead_ns, max(lead_ns, LONGEST_LEAD_NS))


def judge(warmup_ns: list[int], timed: Block, rule: Rule) -> set[str]:
    """Return the flags that the times themselves earn.

    unsteady      neither the warm-up nor, where its time was too short to tell, the
                  timed repetitions were shown to be steady
    contaminated  over 20 % of the repetitions lost a processor or are outliers
    late          over 5 % of the repetitions started after their window; set too
                  where windows were given up for barriers
    """
    flags = set()
    cut_short = len(warmup_ns) < rule.max_warmup
    proven = stats.steady(warmup_ns) or (cut_short and stats.steady(timed.makespans))
    if not proven:
        flags.add("unsteady")
    if np.mean(timed.lost | stats.outliers(timed.makespans)) > CONTAMINATED_SHARE:
        flags.add("contaminated")
    if np.mean(timed.late) > LATE_SHARE:
        flags.add("late")
    return flags
