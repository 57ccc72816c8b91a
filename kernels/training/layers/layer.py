"""The contract of a layer: arrays of samples in, arrays of samples out.

    forward     x (n, ...)      ->  y (n, ...)          samples first, channels last
    backward    dE/dy, in place ->  dE/dx, and dE/dw into the gradients

A layer asks for its parameters (`Spec`) and is given views of two flat vectors that
hold those of the whole net, so that an optimiser and an allreduce see one array. All
its memory is there before the first step, for up to `Place.batch` samples.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from tenbin.kernels.training.layers.initialise import Initialiser

Array = Any  # of numpy or of cupy
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Spec:
    """One parameter: its shape, how it starts, whether L1 and L2 apply to it."""

    name: str
    shape: Shape
    initial: Initialiser
    penalised: bool = True


@dataclass(eq=False)
class Step:
    """The step in flight: which rows of the global batch this rank works on.

    `number` counts all steps of the run, `sample` what is drawn more than once in one.
    `sum_over_ranks` adds a small array in place. `by_example`: who forms the gradients
    of single examples adds those of a layer with several positions up.
    """

    number: int = 0
    sample: int = 0
    total: int = 1
    rows: range = range(1)
    by_example: bool = False
    sum_over_ranks: Callable[[Array], object] = lambda array: None


@dataclass(frozen=True, eq=False)
class Place:
    """What a layer is put into: array module, dtype, largest local batch, the step.

    `seed` is the layer's own; `weights` and `gradients` are views, one for each Spec.
    """

    xp: ModuleType
    dtype: Any
    batch: int
    step: Step
    seed: tuple[int, ...] = (1,)
    weights: Sequence[Array] = ()
    gradients: Sequence[Array] = ()

    def empty(self, *shape: int) -> Array:
        """Return uninitialised memory of the net's dtype."""
        return self.xp.empty(shape, dtype=self.dtype)


@dataclass(frozen=True, eq=False)
class Examples:
    """What each example did to a linear layer in the last backward pass.

    `inputs` (n, positions, fan in) and `deltas` (n, positions, fan out): the gradient
    of example i is inputs[i]^T deltas[i], that of its bias deltas[i] summed over the
    positions. Deltas are those of the mean loss over the global batch. Both are views
    that the next step overwrites.
    """

    inputs: Array
    deltas: Array


@dataclass(eq=False)
class Layer:
    """A layer without parameters that hands everything through; others override."""

    place: Place = field(init=False, repr=False)

    def specs(self, shape: Shape) -> tuple[Spec, ...]:
        """Return the parameters for samples of `shape`."""
        return ()

    def out_shape(self, shape: Shape) -> Shape:
        """Return the shape of a sample behind the layer; raise UsageError for none."""
        return shape

    def bind(self, shape: Shape, place: Place) -> None:
        """Take the place and all memory; `shape` is that of a sample."""
        self.place = place

    def forward(self, x: Array, training: bool) -> Array:
        """Return y; may write into `x`."""
        return x

    def backward(self, delta: Array, wanted: bool = True) -> Array:
        """Return dE/dx, anything where it is not `wanted`; may write into `delta`."""
        return delta

    def examples(self) -> Examples | None:
        """Return what the last step did example by example; None without weights."""
        return None

    def buffers(self) -> dict[str, Array]:
        """Return what training changes besides the parameters, for checkpoints."""
        return {}
