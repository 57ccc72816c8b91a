"""Siamese training as backpropagation through a twin of any net.

logistic       |h1 - h2| -> dense -> two classes, cross entropy
contrastive    D = ||h1 - h2||, small for one hand, beyond the margin for two
"""

from typing import Any

from numpy.typing import NDArray

from tenbin.kernels.training import nets
from tenbin.kernels.training.backprop.trainer import Backprop
from tenbin.kernels.training.layers import Dense, Layer
from tenbin.kernels.training.layers.initialise import glorot_uniform
from tenbin.kernels.training.layers.layer import Array
from tenbin.kernels.training.optimisers import OPTIMISERS
from tenbin.kernels.training.siamese.contrastive import Contrastive
from tenbin.kernels.training.siamese.matrix import judge
from tenbin.kernels.training.siamese.settings import Settings
from tenbin.kernels.training.siamese.twin import Twin
from tenbin.kernels.training.trainer import Setup
from tenbin.kernels.training.uncertainty import gather

SAME = 1  # the class of pairs by one writer


class Siamese(Backprop):
    """One run on this rank, by Adam; the net is the trunk and its twin."""

    def __init__(self, setup: Setup, settings: Settings) -> None:
        self.settings = settings
        super().__init__(setup, OPTIMISERS["adam"])

    def layers(self) -> list[Layer]:
        """Return the twin of the problem's net and the logistic head."""
        trunk = nets.layers(self.setup.problem, self.settings.features)
        return [Twin(trunk), Dense(2, glorot_uniform)]

    def conclude(self) -> dict[str, Any]:
        """Return how well writers are told apart; collective."""
        test = self.setup.data.test
        same = gather(self.comm, self, test)[:, SAME]
        assert test.styles is not None
        return {"writers": judge(same, test.styles, self.settings.writers)}


class Contrasting(Siamese):
    """The same with distances in the place of a head."""

    def __init__(self, setup: Setup, settings: Settings) -> None:
        super().__init__(setup, settings)
        self.loss = Contrastive(settings.margin)

    def layers(self) -> list[Layer]:
        """Return the twin of the problem's net."""
        return super().layers()[:1]

    def outputs(self, rows: NDArray[Any], training: bool = False) -> Array:
        """Return scores (n, 2): pairs nearer than half the margin are the same."""
        apart = super().outputs(rows, training)
        beyond = self.xp.sqrt((apart * apart).sum(axis=-1)) - self.settings.margin / 2
        return self.xp.stack([beyond, -beyond], axis=-1)
