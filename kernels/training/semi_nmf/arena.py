"""Memory that is allocated once and used again by name."""

from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass
class Arena:
    """Arrays by name: a smaller shape takes the front of what is there already.

    >>> arena = Arena()
    >>> arena("r", (4, 3), "float32").base is arena("r", (2, 3), "float32").base
    True
    """

    held: dict[tuple[str, str], Array] = field(default_factory=dict)

    def __call__(self, name: str, shape: tuple[int, ...], dtype: str) -> Array:
        """Return an array of that name with whatever is in it."""
        size = prod(shape)
        flat = self.held.get((name, dtype))
        if flat is None or flat.size < size:
            flat = self.held[name, dtype] = np.empty(size, dtype=dtype)
        return flat[:size].reshape(shape)
