"""What a net is trained to make small; each is a file.

A loss takes the outputs u (n, classes), one-hot targets and the size of the global
batch. It returns the sum of this rank's losses over that size, and turns u, in place,
into the gradient of the mean loss over the global batch.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from tenbin.kernels.training.losses.cross_entropy import cross_entropy
from tenbin.kernels.training.losses.squared_error import squared_error

Loss = Callable[[ModuleType, Any, Any, int], tuple[Any, Any]]

LOSSES: dict[str, Loss] = {
    "cross-entropy": cross_entropy,
    "squared-error": squared_error,
}
