"""Which part of the work is done in which precision.

    bulk     products with every sample: forward passes, residuals f(Z W^T), updates
    factor   Gram matrices, their factors, and the orthonormal V made from them

A Gram matrix squares the condition number: in float32 it loses the singular values
below 3e-4 of the largest, and training stalls. The products of the inner iteration, in
the coordinates of the orthonormal V, amplify nothing and bear float32.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Precision:
    """The dtype of the bulk of the work, and that of the factors."""

    bulk: str
    factor: str


PRECISIONS = {
    "float64": Precision("float64", "float64"),
    "mixed": Precision("float32", "float64"),
    "float32": Precision("float32", "float32"),
}
