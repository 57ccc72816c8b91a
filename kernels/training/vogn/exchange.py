"""How the ranks share the moves of a posterior: each makes all of them, or a slice.

replicated    allreduce of (head, g, h), by any plan     everyone moves everything
sharded       reduce-scatter of (head, g, h)             each moves its own slice
              allgather of (mean, curvature)             everyone can draw again

n weights, P ranks: both send 4 n (P-1)/P values; a slice costs 1/P of the moves.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate

from tenbin import device
from tenbin.kernels.training.backprop.reduce import Reducer
from tenbin.kernels.training.curvature.exchange import Sharded
from tenbin.kernels.training.data.order import part
from tenbin.kernels.training.layers.layer import Array
from tenbin.topology import Topology


class Everything(Reducer):
    """Sums a message (head, g, h) everywhere; `own` is all of a vector."""

    def __init__(
        self, topology: Topology, message: Array, head: int, algorithm: str
    ) -> None:
        super().__init__(topology, message, algorithm)
        self.own = slice(0, (message.size - head) // 2)

    def spread(self, *vectors: Array) -> None:
        """Do nothing: they are everywhere."""


class Slices:
    """Sums a message (head, g, h) slice by slice; `own` is this rank's.

    It travels sorted by owner, with the head in front of every piece:

        [ head | g of rank 0 | h of rank 0 ][ head | g of rank 1 | h of rank 1 ] ..

    Stands where a Reducer does: one message, and nothing hides what it takes.
    """

    buckets = 1

    def __init__(
        self, topology: Topology, message: Array, head: int, algorithm: str
    ) -> None:
        self._head, self._sums = message[:head], message[head:].reshape(2, -1)
        size, ranks = self._sums.shape[1], topology.size
        parts = [part(size, ranks, rank) for rank in range(ranks)]
        lengths = [head + 2 * len(one) for one in parts]
        flat = device.module_of(message).zeros(sum(lengths), dtype=message.dtype)
        self._pieces = [
            (slice(one.start, one.stop), piece[:head], piece[head:].reshape(2, -1))
            for one, piece in zip(parts, _split(flat, lengths), strict=True)
        ]
        self._mine = self._pieces[topology.rank]
        self.own, self._flat, self.message_bytes = self._mine[0], flat, flat.nbytes
        self._exchange = Sharded(topology, lengths, flat, algorithm)

    def finish(self) -> None:
        """Sum the head and the own slices of g and h. Collective."""
        for where, head, sums in self._pieces:
            head[...], sums[...] = self._head, self._sums[:, where]
        self._exchange.collect()
        where, head, sums = self._mine
        self._head[...], self._sums[:, where] = head, sums

    def spread(self, *vectors: Array) -> None:
        """Complete one or two vectors with the slices of others. Collective."""
        for values, vector in zip(self._mine[2], vectors, strict=False):
            values[...] = vector[self.own]
        self._exchange.spread(self._flat)
        for where, _, pair in self._pieces:
            for values, vector in zip(pair, vectors, strict=False):
                vector[where] = values

    def take_times(self) -> tuple[float, float]:
        """Return no seconds: whoever calls `finish` waits all along."""
        return 0.0, 0.0

    def release(self) -> None:
        """Free the communicator."""
        self._exchange.release()


def _split(flat: Array, lengths: Sequence[int]) -> list[Array]:
    ends = list(accumulate(lengths))
    return [flat[end - n : end] for end, n in zip(ends, lengths, strict=True)]


FORMS: dict[str, Callable[[Topology, Array, int, str], Everything | Slices]] = {
    "replicated": Everything,
    "sharded": Slices,
}
