"""8-bit products through nvmath-python (cuBLASLt): float8_e4m3 in, halves out.

The arrays are bytes to CuPy; torch, which knows the dtype, sees the same memory. The
plan is made at the first product of a size; later ones hand it other operands.
"""

from importlib.util import find_spec
from typing import Any

from tenbin import device
from tenbin.kernels.gemm.problem import GemmProblem
from tenbin.kernels.gemm.variant import Array

ALIGNMENT = 16
CAPABILITY = 89  # Ada and Hopper were the first
_plans: dict[tuple[int, ...], Any] = {}


def missing() -> str:
    """Return what this machine lacks, or an empty string."""
    if reason := device.missing():
        return reason
    for name, package in (("nvmath", "nvmath-python"), ("torch", "torch")):
        if find_spec(name) is None:
            return f"{package} is not installed"
    import torch

    if not torch.cuda.is_available():
        return "torch finds no GPU"
    found = device.capability()
    return "" if found >= CAPABILITY else f"compute capability {found} has no float8"


def unfit(problem: GemmProblem) -> str:
    """Return why cuBLASLt does not take a problem, or an empty string."""
    if problem.transpose != "nt":
        return "nvmath takes float8 along the depth only: transpose nt"
    if any(size % ALIGNMENT for size in (problem.m, problem.n, problem.k)):
        return f"nvmath takes float8 in multiples of {ALIGNMENT}"
    return ""


def nvmath(a: Array, b: Array, out: Array) -> Array:
    """Multiply into `out` on the device and wait for it."""
    operands = {"a": _bytes(a), "b": _bytes(b), "c": _tensor(out)}
    key = (*a.shape, b.shape[1])
    if key in _plans:
        _plans[key].reset_operands(**operands)
    else:
        _free()
        _plans[key] = _planned(**operands)
    _plans[key].execute()
    device.synchronise()
    return out


def _planned(a: Any, b: Any, c: Any) -> Any:
    from nvmath.linalg.advanced import Matmul

    scales = {"a": 1.0, "b": 1.0}
    options = {"inplace": True}
    product = Matmul(a, b, c=c, beta=0.0, quantization_scales=scales, options=options)
    product.plan()
    return product


def _free() -> None:
    for product in _plans.values():
        product.free()
    _plans.clear()


def _tensor(array: Array) -> Any:
    import torch

    return torch.from_dlpack(array)


def _bytes(array: Array) -> Any:
    import torch

    return _tensor(array).view(torch.float8_e4m3fn)
