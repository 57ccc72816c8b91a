"""A convolution over many ranks: each computes its part of the result, and never talks.

forward, backward-data    images; where they are fewer than ranks, channels of the
                          result (whole groups of them)
backward-weights          channels of the filters: images would have to be summed
"""

from dataclasses import dataclass, replace

from tenbin.errors import UsageError
from tenbin.kernels.conv.problem import ConvProblem


@dataclass(frozen=True)
class Share:
    """The part of one rank: `images` of the batch, and channels on either side.

    `c` and `k` are ranges of the whole problem's channels; `problem` is the part as a
    problem of its own.
    """

    problem: ConvProblem
    images: range
    c: range
    k: range


def share(whole: ConvProblem, ranks: int, rank: int) -> Share:
    """Return the part of `rank`; raise UsageError where some rank would get none."""
    if not splits(whole, ranks):
        raise UsageError(f"conv: {whole.label} cannot be split over {ranks} ranks")
    images, c, k = range(whole.n), range(whole.c), range(whole.k)
    groups = whole.groups
    if _by_image(whole, ranks):
        images = part(whole.n, ranks, rank)
    elif groups > 1:
        mine = part(groups, ranks, rank)
        c, k = (_channels(mine, size // groups) for size in (whole.c, whole.k))
        groups = len(mine)
    elif whole.direction == "backward-data":
        c = part(whole.c, ranks, rank)
    else:
        k = part(whole.k, ranks, rank)
    own = replace(whole, n=len(images), c=len(c), k=len(k), groups=groups)
    return Share(own, images, c, k)


def splits(whole: ConvProblem, ranks: int) -> bool:
    """Return whether every rank gets a part."""
    if _by_image(whole, ranks):
        return True
    if whole.groups > 1:
        return whole.groups >= ranks
    return (whole.c if whole.direction == "backward-data" else whole.k) >= ranks


def _by_image(whole: ConvProblem, ranks: int) -> bool:
    return ranks == 1 or (whole.direction != "backward-weights" and whole.n >= ranks)


def part(size: int, parts: int, index: int) -> range:
    """Return the part of 0 .. size, as even as possible.

    >>> [part(5, 2, 0), part(5, 2, 1)]
    [range(0, 2), range(2, 5)]
    """
    return range(size * index // parts, size * (index + 1) // parts)


def _channels(groups: range, each: int) -> range:
    return range(groups.start * each, groups.stop * each)
