"""Window: a square that moves over images (n, H, W, C), for convolution and pooling."""

from dataclasses import dataclass
from typing import Any

from tenbin import device
from tenbin.errors import UsageError

Array = Any


@dataclass(frozen=True)
class Window:
    """`side` x `side`, moved by `stride`, over `height` x `width` with `pad` around.

    >>> Window(28, 28, 5).places, Window(5, 6, 3, stride=2, pad=1).places
    ((24, 24), (3, 3))
    """

    height: int
    width: int
    side: int
    stride: int = 1
    pad: int = 0

    def __post_init__(self) -> None:
        if min(self.padded) < self.side:
            size = f"{self.height}x{self.width}"
            raise UsageError(f"a window of {self.side} does not fit {size} pixels")

    @property
    def padded(self) -> tuple[int, int]:
        """Return height and width with the padding."""
        return self.height + 2 * self.pad, self.width + 2 * self.pad

    @property
    def places(self) -> tuple[int, int]:
        """Return P and Q: where the window stops."""
        high, wide = ((size - self.side) // self.stride + 1 for size in self.padded)
        return high, wide

    def inside(self, padded: Array) -> Array:
        """Return the view of padded images without the padding."""
        rows, columns = (
            slice(self.pad, self.pad + n) for n in (self.height, self.width)
        )
        return padded[:, rows, columns]

    def _by_window(self, patches: Array, channels: int) -> Array:
        """Return patches (n, P Q, R S C) as a view (n, P, Q, R, S, C)."""
        return patches.reshape(
            len(patches), *self.places, self.side, self.side, channels
        )

    def gather(self, padded: Array, out: Array) -> Array:
        """Copy every window into a row of `out` (n, P Q, R S C); return it."""
        rows = self._by_window(out, padded.shape[-1])
        xp = device.module_of(padded)
        n, row, column, c = padded.strides
        step = (row * self.stride, column * self.stride)
        view = xp.lib.stride_tricks.as_strided(
            padded, rows.shape, (n, *step, row, column, c)
        )
        rows[...] = view
        return out

    def scatter(self, patches: Array, out: Array) -> Array:
        """Add every row back into its window of `out` (n, padded, C); return it.

        Line by line of the windows: S C values lie together in both.
        """
        out[...] = 0
        rows = self._by_window(patches, out.shape[-1])
        high, wide = self.places
        for r in range(self.side):
            lines = out[:, r : r + (high - 1) * self.stride + 1 : self.stride]
            for column in range(wide):
                left = column * self.stride
                lines[:, :, left : left + self.side] += rows[:, :, column, r]
        return out
