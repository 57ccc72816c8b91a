"""The parameters of the method, with the authors' values for MNIST."""

from dataclasses import dataclass

from tenbin.errors import UsageError

COUNTS = ("w_steps", "z_steps", "pretrain_batch", "rounds", "nmf_steps", "fit_steps")


@dataclass(frozen=True)
class Settings:
    """What the method can be asked; the plain form has no bias, alpha = beta = 0.

    `delta` cuts the singular values of the data, relative to the largest: it is the
    main regulariser. `alpha` and `beta`, the ridge terms of W and Z, belong to pixels
    from 0 to 255. `w_steps` and `z_steps` are the inner iterations t_W and t_Z. The
    autoencoder does `rounds` of `nmf_steps` and `fit_steps` on `pretrain_batch`
    samples; without `pretrain` networks start from random numbers.

    Least squares behind a hidden layer rests on at least `window` samples for each of
    its units: where a batch has fewer, on earlier ones, too (`memory.py`). With 0 each
    batch is on its own, as in the papers.
    """

    w_steps: int = 10
    z_steps: int = 1
    delta: float = 4e-2
    alpha: float = 1e-3
    beta: float = 1e-5
    bias: bool = True
    pretrain: bool = True
    pretrain_batch: int = 5000
    rounds: int = 5
    nmf_steps: int = 10
    fit_steps: int = 10
    window: float = 4.0

    def __post_init__(self) -> None:
        for key in COUNTS:
            if getattr(self, key) < 1:
                raise UsageError(f"{key} = {getattr(self, key)}: at least 1")
        for key in ("alpha", "beta", "delta", "window"):
            if not 0.0 <= getattr(self, key) < float("inf"):
                raise UsageError(f"{key} = {getattr(self, key)}: not negative")
