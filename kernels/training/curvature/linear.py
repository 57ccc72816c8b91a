"""Curvature is known of dense layers and convolutions alone."""

from tenbin.errors import UsageError
from tenbin.kernels.training.layers import Conv, Dense
from tenbin.kernels.training.layers.network import Network
from tenbin.kernels.training.problem import TrainingProblem


def misfit(problem: TrainingProblem) -> str:
    """Return why a problem's net has other parameters, or an empty string."""
    if problem.normalise or problem.activation == "prelu":
        return "curvature is known of dense and conv: no batch normalisation, no prelu"
    return ""


def linear_only(net: Network) -> None:
    """Raise UsageError where a parameter is not that of a linear layer."""
    for part in net.parts:
        layer = net.layers[part.layer]
        if not isinstance(layer, Dense | Conv):
            kind = type(layer).__name__
            raise UsageError(f"curvature is known of dense and conv, not of {kind}")
