"""cuDNN through nvidia-cudnn-frontend, if it is installed: the vendor's best on a GPU.

A graph of one operation, built once: math in float (of float32, TF32), tensors as
(N, C, H, W) with the strides of NHWC, the first plan of heuristic A that builds.

    forward             y  = conv_fprop(image x, weight w)
    backward-data       dx = conv_dgrad(loss dy, filter w)
    backward-weights    dw = conv_wgrad(image x, loss dy)
"""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from tenbin import device
from tenbin.dtypes import Array
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.variant import Plan, on_gpu

ALIGNMENT = 8  # channels: 16 bytes
# direction -> operation; keyword and tensor of both operands; tensor of the result
OPERATIONS = {
    "forward": ("conv_fprop", ("image", "x"), ("weight", "w"), "y"),
    "backward-data": ("conv_dgrad", ("loss", "y"), ("filter", "w"), "x"),
    "backward-weights": ("conv_wgrad", ("image", "x"), ("loss", "y"), "w"),
}
C_WINOGRAD = 64.0  # cuDNN may choose it


def missing() -> str:
    """Return what this machine lacks, or an empty string."""
    if reason := device.missing():
        return reason
    if find_spec("cudnn") is None:
        return "nvidia-cudnn-frontend is not installed"
    import cudnn as library

    try:
        library.backend_version()
    except RuntimeError as error:
        return f"cuDNN cannot be loaded: {str(error).splitlines()[0]}"
    return ""


def unfit(problem: ConvProblem, dtype: str) -> str:
    """Return why cuDNN is not asked for a shape, or an empty string."""
    if problem.layout != "nhwc":
        return "cudnn is asked for nhwc only"
    if problem.groups > 1:
        return "cudnn is asked for one group only"
    if problem.c % ALIGNMENT or problem.k % ALIGNMENT:
        return f"cudnn takes channels in multiples of {ALIGNMENT}"
    return ""


def cudnn(problem: ConvProblem, dtype: str, threads: int) -> Plan:
    """Return the plan of a direction; raises cuDNN's own error where it has none."""
    import cudnn as library

    handle = library.create_handle()
    library.set_stream(handle=handle, stream=device.stream())
    graph, (first, second, result) = build(problem, dtype, handle)
    workspace = device.empty(graph.get_workspace_size())

    def run(left: Any, right: Any, out: Any) -> Any:
        memory = {first: left, second: right, result: out}
        views = {tensor: channels_last(array) for tensor, array in memory.items()}
        graph.execute(views, workspace, handle=handle)
        device.synchronise()
        return out

    return on_gpu(run, c=C_WINOGRAD, details={"cudnn": library.backend_version()})


def build(
    problem: ConvProblem, dtype: str, handle: Any
) -> tuple[Any, tuple[Any, Any, Any]]:
    """Return the finished graph, and its tensors: both operands and the result."""
    import cudnn as library

    single = library.data_type.FLOAT
    stored = library.data_type.HALF if dtype == "float16" else single
    graph = library.pygraph(
        io_data_type=stored,
        intermediate_data_type=single,
        compute_data_type=single,
        handle=handle,
    )
    sizes = extents(problem)

    def tensor(name: str) -> Any:
        dim = sizes[name]
        return graph.tensor(name=name, dim=dim, stride=strides(dim), data_type=stored)

    pair = {
        key: [getattr(problem, key)] * 2 for key in ("padding", "stride", "dilation")
    }
    operation, first, second, name = OPERATIONS[problem.direction]
    left, right = tensor(first[1]), tensor(second[1])
    operands = {first[0]: left, second[0]: right}
    result = getattr(graph, operation)(**operands, **pair)
    result.set_output(True).set_data_type(stored)
    result.set_dim(sizes[name]).set_stride(strides(sizes[name]))
    finish(graph)
    return graph, (left, right, result)


def finish(graph: Any) -> None:
    """Choose and build a plan for the graph."""
    import cudnn as library

    graph.validate()
    graph.build_operation_graph()
    graph.create_execution_plans([library.heur_mode.A, library.heur_mode.FALLBACK])
    graph.check_support()
    graph.build_plans()


def extents(problem: ConvProblem) -> Mapping[str, list[int]]:
    """Return the sizes of x, w and y as cuDNN counts them: (N, C, H, W)."""
    return {
        "x": [problem.n, problem.c, problem.h, problem.w],
        "w": [problem.k, problem.depth, problem.r, problem.s],
        "y": [problem.n, problem.k, problem.p, problem.q],
    }


def strides(dim: Sequence[int]) -> list[int]:
    """Return the strides in elements of (N, C, H, W) stored as (N, H, W, C).

    >>> strides([2, 8, 5, 7])
    [280, 1, 56, 8]
    """
    _, c, h, w = dim
    return [h * w * c, 1, w * c, c]


def channels_last(array: Array) -> Array:
    """Return (N, H, W, C) seen as (N, C, H, W)."""
    return array.transpose(0, 3, 1, 2)
