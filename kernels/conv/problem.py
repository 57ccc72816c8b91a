"""ConvProblem: one convolution of a network, in one of its three directions."""

from dataclasses import dataclass, replace

from tenbin.case import Work
from tenbin.errors import UsageError, unknown

DIRECTIONS = {"forward": "", "backward-data": "-bd", "backward-weights": "-bw"}
LAYOUTS = {"nhwc": "", "nchw": "-nchw"}
COLD = {"all": "", "weights": "-coldw", "none": "-warm"}
STORED_BYTES = {"float16": 2, "bfloat16": 2, "float32": 4}


@dataclass(frozen=True)
class ConvProblem:
    """N images of C channels, H x W, through K filters of R x S.

    `layout` is that of all operands (weights KRSC or KCRS). `cold` says what comes from
    memory, not from a cache: `all` operands, the `weights` alone as in a network whose
    activations were just written, or `none`. Raises UsageError, naming the key.

    >>> ConvProblem(1, 64, 56, 56, 64, 3, 3, padding=1).label
    '1x64x56x56-64x3x3-p1'
    """

    n: int
    c: int
    h: int
    w: int
    k: int
    r: int
    s: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    groups: int = 1
    direction: str = "forward"
    layout: str = "nhwc"
    cold: str = "all"

    def __post_init__(self) -> None:
        for key in ("n", "c", "h", "w", "k", "r", "s", "stride", "dilation", "groups"):
            if getattr(self, key) < 1:
                raise UsageError(f"conv: {key} = {getattr(self, key)}; at least 1")
        if self.padding < 0:
            raise UsageError(f"conv: padding = {self.padding}; at least 0")
        for key, choices in (
            ("direction", DIRECTIONS), ("layout", LAYOUTS), ("cold", COLD)
        ):  # fmt: skip
            if getattr(self, key) not in choices:
                raise unknown(f"conv {key}", repr(getattr(self, key)), choices)
        for key in ("c", "k"):
            if getattr(self, key) % self.groups:
                size = getattr(self, key)
                raise UsageError(
                    f"conv: groups = {self.groups} do not divide {key} = {size}"
                )
        if self.direction == "backward-weights" and self.cold == "weights":
            raise UsageError("conv: cold = weights: backward-weights reads no weights")
        if min(self.p, self.q) < 1:
            size = f"{self.r}x{self.s} at dilation {self.dilation}"
            raise UsageError(f"conv: the filter {size} is larger than its padded input")

    @property
    def p(self) -> int:
        """Return the rows of the output."""
        return self._out(self.h, self.r)

    @property
    def q(self) -> int:
        """Return the columns of the output."""
        return self._out(self.w, self.s)

    def _out(self, size: int, taps: int) -> int:
        reach = size + 2 * self.padding - self.dilation * (taps - 1) - 1
        return reach // self.stride + 1

    @property
    def depth(self) -> int:
        """Return the channels that one filter sees."""
        return self.c // self.groups

    @property
    def terms(self) -> int:
        """Return how many products one element of the result adds up at most."""
        return {
            "forward": self.depth * self.r * self.s,
            "backward-data": self.k // self.groups * self.r * self.s,
            "backward-weights": self.n * self.p * self.q,
        }[self.direction]

    @property
    def label(self) -> str:
        """Return images, filters, and what differs from the plain case."""
        parts = [f"{self.n}x{self.c}x{self.h}x{self.w}-{self.k}x{self.r}x{self.s}"]
        marks = {"s": self.stride, "p": self.padding, "d": self.dilation}
        usual = {"s": 1, "p": 0, "d": 1, "g": 1}
        marks["g"] = self.groups
        parts += [f"-{mark}{v}" for mark, v in marks.items() if v != usual[mark]]
        parts += [DIRECTIONS[self.direction], LAYOUTS[self.layout], COLD[self.cold]]
        return "".join(parts)

    @property
    def flops(self) -> int:
        """Return 2 N P Q K (C/g) R S, as the field counts: padding multiplies, too."""
        return 2 * self.n * self.p * self.q * self.k * self.depth * self.r * self.s

    @property
    def flops_unpadded(self) -> int:
        """Return the flops without the products with padding, in every direction."""
        rows = sum(self.clipped(self.h, self.p, tap)[1] for tap in range(self.r))
        columns = sum(self.clipped(self.w, self.q, tap)[1] for tap in range(self.s))
        return 2 * self.n * rows * columns * self.k * self.depth

    def clipped(self, size: int, out: int, tap: int) -> tuple[int, int]:
        """Return the first output index whose `tap` hits the input, and how many do.

        Output i meets input i stride + tap dilation - padding, within 0 .. size.

        >>> ConvProblem(1, 1, 7, 7, 1, 3, 3, padding=1).clipped(7, 7, 0)
        (1, 6)
        """
        offset = tap * self.dilation - self.padding
        first = max(0, -(offset // self.stride))
        last = min(out, -((offset - size) // self.stride))
        return first, max(0, last - first)

    @property
    def elements(self) -> tuple[int, int, int]:
        """Return the elements of the input that are ever used, weights and output."""
        rows, columns = (
            self._used(self.h, self.p, self.r),
            self._used(self.w, self.q, self.s),
        )
        weights = self.k * self.depth * self.r * self.s
        return (
            self.n * self.c * rows * columns,
            weights,
            self.n * self.k * self.p * self.q,
        )

    def _used(self, size: int, out: int, taps: int) -> int:
        """Count the rows (or columns) of the input under any tap."""
        used: set[int] = set()
        for tap in range(taps):
            first, count = self.clipped(size, out, tap)
            start = first * self.stride + tap * self.dilation - self.padding
            used.update(range(start, start + count * self.stride, self.stride))
        return len(used)

    def work(self, dtype: str) -> Work:
        """Return the flops and the compulsory bytes: each operand passes once."""
        return Work(self.flops, sum(self.elements) * STORED_BYTES[dtype])

    def times(self, factor: int) -> "ConvProblem":
        """Return the problem with `factor` times the images."""
        return replace(self, n=self.n * factor)
