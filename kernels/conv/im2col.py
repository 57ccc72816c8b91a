"""im2col and BLAS in float32: what a NumPy user writes.

    patches (N P Q, R S C)  @  filters (R S C, K)  ->  y (N P Q, K)

Chellapilla, Puri, Simard (2006). The patches hold every pixel R S times: 4 N P Q R S C
bytes are written and read beside the product. Half precision is widened before and
rounded after, as NumPy has no other way.
"""

from tenbin.device import module_of
from tenbin.dtypes import Array, narrow, widen
from tenbin.kernels.conv.operands import as_nhwc
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.variant import Plan


def im2col(problem: ConvProblem, dtype: str, threads: int) -> Plan:
    """Return the plan; the weights are used as they are stored."""
    compute = {"forward": _forward, "backward-data": _backward_data}.get(
        problem.direction, _backward_weights
    )

    def run(first: Array, second: Array, out: Array) -> Array:
        wide = (widen(a, dtype, "float32") for a in (first, second))
        a, b = (as_nhwc(array, problem.layout) for array in wide)
        as_nhwc(out, problem.layout)[...] = narrow(compute(problem, a, b), dtype)
        return out

    return Plan(run)


def _forward(problem: ConvProblem, x: Array, w: Array) -> Array:
    patches = _patches(problem, x)
    y = module_of(x).matmul(patches, _filters(problem, w).swapaxes(1, 2))
    return _join(y, (problem.n, problem.p, problem.q))


def _backward_data(problem: ConvProblem, dy: Array, w: Array) -> Array:
    xp = module_of(dy)
    patches = xp.matmul(_split(problem, dy), _filters(problem, w))
    dx = xp.zeros(_padded(problem), xp.float32)
    windows = _windows(problem, dx)
    patches = patches.reshape(windows.shape)
    for r in range(problem.r):
        for s in range(problem.s):
            windows[:, :, :, :, r, s] += patches[:, :, :, :, r, s]
    edge = problem.padding
    inner: Array = dx[:, edge : edge + problem.h, edge : edge + problem.w]
    return inner


def _backward_weights(problem: ConvProblem, x: Array, dy: Array) -> Array:
    pixels = _split(problem, dy).swapaxes(1, 2)
    dw: Array = module_of(x).matmul(pixels, _patches(problem, x))
    return dw.reshape(problem.k, problem.r, problem.s, problem.depth)


def _patches(problem: ConvProblem, x: Array) -> Array:
    """Return (groups, N P Q, R S C/g): a copy of the pixels under each filter."""
    edge = problem.padding
    if edge:
        xp = module_of(x)
        padded = xp.zeros(_padded(problem), xp.float32)
        padded[:, edge : edge + problem.h, edge : edge + problem.w] = x
        x = padded
    pixels = problem.n * problem.p * problem.q
    return _windows(problem, x).reshape(problem.groups, pixels, -1)


def _windows(problem: ConvProblem, padded: Array) -> Array:
    """Return the (groups, N, P, Q, R, S, C/g) view of all windows of the images."""
    n, h, w, c = padded.strides
    step, gap, depth = problem.stride, problem.dilation, problem.depth
    shape = (
        problem.groups,
        problem.n,
        problem.p,
        problem.q,
        problem.r,
        problem.s,
        depth,
    )
    strides = (c * depth, n, h * step, w * step, h * gap, w * gap, c)
    windows: Array = module_of(padded).lib.stride_tricks.as_strided(
        padded, shape, strides
    )
    return windows


def _padded(problem: ConvProblem) -> tuple[int, int, int, int]:
    edge = 2 * problem.padding
    return problem.n, problem.h + edge, problem.w + edge, problem.c


def _filters(problem: ConvProblem, w: Array) -> Array:
    """Return (groups, K/g, R S C/g)."""
    return w.reshape(problem.groups, problem.k // problem.groups, -1)


def _split(problem: ConvProblem, dy: Array) -> Array:
    """Return (groups, N P Q, K/g)."""
    pixels = problem.n * problem.p * problem.q
    return dy.reshape(pixels, problem.groups, -1).swapaxes(0, 1)


def _join(grouped: Array, pixels: tuple[int, int, int]) -> Array:
    """Return (N, P, Q, K) of (groups, N P Q, K/g)."""
    return grouped.swapaxes(0, 1).reshape(*pixels, -1)
