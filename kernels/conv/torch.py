"""PyTorch, if it is installed: the peer that everybody has.

    torch             tensors as they are: contiguous for nchw, channels_last for nhwc
    torch_prepacked   images and weights in oneDNN's blocked layout, as in its own nets

The result is memory of torch's own, allocated while timed, as every user of it has it.

On a CPU without arithmetic in float16 its gradients in float16 are not oneDNN's: torch
takes the image for a matrix (im2col), and adds up parts that it has rounded to float16.

    backward-data       R S parts of an element, one for each tap
    backward-weights    N parts, one for each image

Each part is a sum in float32. The bound is that of sums in float16 with as many terms
as parts: c = sqrt(parts), u_acc = 2^-11.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from tenbin.dtypes import Array
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.variant import Plan


def missing(dtype: str) -> str:
    """Return that torch is not installed, or an empty string."""
    return "" if find_spec("torch") else "torch is not installed: tenbin[torch]"


def missing_prepacked(dtype: str) -> str:
    """Return why nothing can be prepacked in a dtype here, or an empty string."""
    if (reason := missing(dtype)) or dtype != "float16" or _computes_half():
        return reason
    return "torch prepacks float16 for CPUs that compute in it only"


def torch(problem: ConvProblem, dtype: str, threads: int) -> Plan:
    """Return the plan of torch's own convolution and its two gradients."""
    import torch as pt

    pt.set_num_threads(threads)
    compute = _compute(problem)

    def tensor(array: Array) -> Any:
        return _tensor(array, dtype, problem.layout)

    def run(first: Any, second: Any, out: Array) -> Any:
        with pt.inference_mode():
            return compute(first, second)

    def read(result: Any) -> Array:
        return _array(result, problem.layout)

    parts = _rounded_parts(problem, dtype)
    c = 16.0 if dtype == "bfloat16" else 8.0  # two products at a time
    plan = Plan(run, tensor, tensor, read, c, _versions())
    return replace(plan, c=parts**0.5, accumulate="float16") if parts > 1 else plan


def _rounded_parts(problem: ConvProblem, dtype: str) -> int:
    """Return of how many parts rounded to float16 torch adds up an element."""
    if dtype != "float16" or _computes_half():
        return 1
    parts = {"backward-data": problem.r * problem.s, "backward-weights": problem.n}
    return parts.get(problem.direction, 1)


def torch_prepacked(problem: ConvProblem, dtype: str, threads: int) -> Plan:
    """Return the plan of a forward convolution over oneDNN's own tensors."""
    import torch as pt

    pt.set_num_threads(threads)
    plain = torch(problem, dtype, threads)
    numbers = _numbers(problem)

    def pack(weights: Array) -> Any:
        return pt._C._nn.mkldnn_reorder_conv2d_weight(
            plain.load(weights).contiguous().to_mkldnn(),
            *(numbers[key] for key in ("padding", "stride", "dilation", "groups")),
        )

    def load(images: Array) -> Any:
        return plain.load(images).contiguous().to_mkldnn()

    def run(first: Any, second: Any, out: Array) -> Any:
        with pt.no_grad():
            return pt.nn.functional.conv2d(first, second, None, **numbers)

    def read(result: Any) -> Array:
        return plain.read(result.to_dense(dtype=_dtype(dtype)))

    return Plan(run, load, pack, read, plain.c, plain.details)


def forward_only(problem: ConvProblem, dtype: str) -> str:
    """Return why a shape cannot be prepacked, or an empty string."""
    return "" if problem.direction == "forward" else "prepacked is for forward only"


def _versions() -> dict[str, str]:
    """Return the version, and the best instructions oneDNN was allowed to use."""
    import torch as pt

    allowed = os.environ.get("ONEDNN_MAX_CPU_ISA", "all")
    return {"torch": str(pt.__version__), "onednn_isa": allowed}


def _computes_half() -> bool:
    """Return whether oneDNN computes in float16 on this CPU."""
    import torch as pt

    return bool(pt.ops.mkldnn._is_mkldnn_fp16_supported())


def _compute(problem: ConvProblem) -> Callable[[Any, Any], Any]:
    import torch as pt

    numbers = _numbers(problem)
    if problem.direction == "forward":
        return lambda x, w: pt.nn.functional.conv2d(x, w, None, **numbers)
    if problem.direction == "backward-data":
        x_size = (problem.n, problem.c, problem.h, problem.w)
        return lambda dy, w: pt.nn.grad.conv2d_input(x_size, w, dy, **numbers)
    w_size = (problem.k, problem.depth, problem.r, problem.s)
    return lambda x, dy: pt.nn.grad.conv2d_weight(x, w_size, dy, **numbers)


def _numbers(problem: ConvProblem) -> dict[str, Any]:
    return {
        "stride": (problem.stride,) * 2,
        "padding": (problem.padding,) * 2,
        "dilation": (problem.dilation,) * 2,
        "groups": problem.groups,
    }


def _dtype(dtype: str) -> Any:
    import torch as pt

    return getattr(pt, dtype)


def _tensor(array: Array, dtype: str, layout: str) -> Any:
    """Return a tensor (N, C, H, W) over the same memory, strided as it is stored."""
    import torch as pt

    tensor = pt.from_numpy(array)
    tensor = tensor.view(pt.bfloat16) if dtype == "bfloat16" else tensor
    return tensor.permute(0, 3, 1, 2) if layout == "nhwc" else tensor


def _array(tensor: Any, layout: str) -> Array:
    import torch as pt

    tensor = tensor.permute(0, 2, 3, 1) if layout == "nhwc" else tensor
    if tensor.dtype == pt.bfloat16:
        tensor = tensor.contiguous().view(pt.uint16)
    array: Array = tensor.numpy()
    return array
