"""Blocks of repetitions as rank 0 sees them, and the row they become."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin import stats
from tenbin.record import SampleRow

RAW_LIMIT = 65536
LOST_SHARE = 0.05
LATEST = np.iinfo(np.int64).max
GRACE_NS, GRACE_SHARE = 1000, 0.01


@dataclass(frozen=True)
class Block:
    """Some repetitions: stamps of shape (repetitions, ranks) on the common clock.

    Per repetition: `cpu_ns` the largest processor time of a rank's own thread, `lost`
    whether a rank lost its processor, `late` whether one started after its window.
    `spent_s` is the wall time of the whole block with its resets and starts.
    """

    entry_ns: stats.Stamps
    exit_ns: stats.Stamps
    cpu_ns: stats.Stamps
    lost: NDArray[np.bool_]
    late: NDArray[np.bool_]
    spent_s: float

    @property
    def makespans(self) -> stats.Stamps:
        """Return last exit minus first entry of each repetition."""
        return stats.makespans(self.entry_ns, self.exit_ns)


def lost_processor(
    wall_ns: stats.Stamps, cpu_ns: stats.Stamps, switches: stats.Stamps
) -> NDArray[np.bool_]:
    """Return where a rank was put off its processor for over 5 % of its time.

    Processor time below wall time alone may be a blocking wait, which belongs to the
    operation; a switch alone may be short. Only both together were somebody else.
    """
    return np.asarray((switches > 0) & (wall_ns - cpu_ns > LOST_SHARE * wall_ns))


def started_late(
    entry_ns: stats.Stamps, exit_ns: stats.Stamps, window_ns: stats.Stamps
) -> NDArray[np.bool_]:
    """Return where a rank entered too long after its window; 0 is no window.

    Too long is over 1 us and over 1 % of what the rank then took.
    """
    allowed = np.maximum(GRACE_NS, GRACE_SHARE * (exit_ns - entry_ns))
    return np.asarray((window_ns > 0) & (entry_ns - window_ns > allowed))


def local(block: Block) -> Block:
    """Start every rank at zero: its makespan is then the longest local time.

    For clocks that do not agree well enough to be compared.
    """
    zero = np.zeros_like(block.entry_ns)
    return replace(block, entry_ns=zero, exit_ns=block.exit_ns - block.entry_ns)


def condense(block: Block) -> Block:
    """Keep only the first entry and the last exit of each repetition."""
    first = block.entry_ns.min(axis=1, keepdims=True)
    last = block.exit_ns.max(axis=1, keepdims=True)
    return replace(block, entry_ns=first, exit_ns=last)


def keep(blocks: list[Block]) -> list[Block]:
    """Return the blocks, all condensed once they are more than RAW_LIMIT numbers."""
    ranks = blocks[-1].entry_ns.shape[1]
    if sum(len(block.entry_ns) for block in blocks) * ranks <= RAW_LIMIT:
        return blocks
    return [condense(block) for block in blocks]


def join(blocks: Iterable[Block]) -> Block:
    """Return consecutive blocks as one."""
    parts = list(blocks)
    return Block(
        entry_ns=np.concatenate([part.entry_ns for part in parts]),
        exit_ns=np.concatenate([part.exit_ns for part in parts]),
        cpu_ns=np.concatenate([part.cpu_ns for part in parts]),
        lost=np.concatenate([part.lost for part in parts]),
        late=np.concatenate([part.late for part in parts]),
        spent_s=sum(part.spent_s for part in parts),
    )


def to_row(timed: Block, ranks: int, facts: dict[str, Any]) -> SampleRow:
    """Return the row of the timed repetitions; `facts` are its remaining fields."""
    first = timed.entry_ns.min(axis=1, keepdims=True, initial=LATEST)
    return SampleRow(
        entry_ns=(timed.entry_ns - first).tolist(),
        exit_ns=(timed.exit_ns - first).tolist(),
        cpu_ns=timed.cpu_ns.tolist(),
        late=np.flatnonzero(timed.late).tolist(),
        condensed=len(timed.entry_ns) * ranks > RAW_LIMIT,
        **facts,
    )


NOTHING = Block(
    entry_ns=np.empty((0, 0), dtype=np.int64),
    exit_ns=np.empty((0, 0), dtype=np.int64),
    cpu_ns=np.empty(0, dtype=np.int64),
    lost=np.empty(0, dtype=np.bool_),
    late=np.empty(0, dtype=np.bool_),
    spent_s=0.0,
)
