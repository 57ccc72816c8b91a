"""L1 and L2 on the weights, not on biases and slopes.

    E + l1 sum |w| + l2 / 2 sum w^2         g += l1 sign w + l2 w

The reported loss is E alone.
"""

from tenbin.kernels.training.layers.network import Network


class Penalty:
    """Adds the gradient of both penalties to summed gradients."""

    def __init__(self, net: Network, l1: float, l2: float) -> None:
        self.xp, self.l1, self.l2 = net.xp, l1, l2
        self._pairs = [
            (part.of(net.weights), part.of(net.gradients))
            for part in net.parts
            if part.spec.penalised and (l1 or l2)
        ]

    def __call__(self) -> None:
        """Add to the gradients in place."""
        for weight, gradient in self._pairs:
            if self.l2:
                gradient += self.l2 * weight
            if self.l1:
                gradient += self.l1 * self.xp.sign(weight)
