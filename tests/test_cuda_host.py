"""The CUDA kernels compute what they should: their own text, run on the host."""

import ctypes
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tenbin import device
from tenbin.case import Case
from tenbin.kernels import cuda
from tenbin.kernels.conv import half2
from tenbin.kernels.conv.operands import empty_result, operands
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.split import share
from tenbin.kernels.conv.verify import accuracy, judge, oracle
from tenbin.kernels.gemm import VARIANTS
from tenbin.kernels.gemm import half2 as gemm
from tenbin.kernels.gemm import verify as gemm_verify
from tenbin.kernels.gemm.operands import operands as gemm_operands
from tenbin.kernels.gemm.problem import TRANSPOSES, GemmProblem
from tests.tasks import weigh
from tests.test_conv_problem import problems

SHIM = Path(__file__).parent / "cuda"
NVCC = Path(shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc")
HEADERS = [NVCC.resolve().parent.parent / "include", Path("/usr/local/cuda/include")]
FOUND = [path for path in HEADERS if (path / "cuda_fp16.h").exists()]
MATHS = tuple(cuda.ACCUMULATE)

# More than a block of pixels or filters, 16-byte loads or none, strides and groups.
LAYERS = (
    ConvProblem(2, 32, 12, 12, 72, 3, 3, padding=1),
    ConvProblem(1, 3, 21, 21, 16, 7, 7, stride=2, padding=3),
    ConvProblem(1, 64, 7, 7, 136, 1, 1),
    ConvProblem(3, 48, 9, 9, 32, 3, 3, stride=2, padding=1, groups=2),
    ConvProblem(1, 16, 11, 11, 24, 5, 3, padding=2, dilation=2),
    ConvProblem(1, 24, 13, 13, 40, 3, 3, 2, 1, direction="backward-data"),
    ConvProblem(2, 16, 10, 10, 16, 5, 5, 3, 2, 1, 2, "backward-data"),
)

pytestmark = pytest.mark.skipif(
    not FOUND or not shutil.which("g++"), reason="needs g++ and the headers of CUDA"
)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    library = tmp_path_factory.mktemp("host") / "host.so"
    flags = ["-std=c++17", "-O2", "-w", "-fno-strict-aliasing", "-shared", "-fPIC"]
    folders = [f"-I{SHIM}", f"-I{cuda.FOLDER}", "-isystem", str(FOUND[0])]
    source = str(SHIM / "host.cpp")
    subprocess.run(["g++", *flags, *folders, "-o", library, source], check=True)
    return ctypes.CDLL(str(library))


def launch(
    host: ctypes.CDLL, name: str, arrays: tuple[Any, ...], sizes: Any, blocks: Any
) -> None:
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (*arrays, sizes)]
    run = host[f"launch_{name.partition('_')[0]}"]
    run(host[name], *pointers, (ctypes.c_int * 3)(*blocks))


def convolve(
    host: ctypes.CDLL, math: str, problem: ConvProblem, draw: str = "normal"
) -> tuple[Any, Any, Any]:
    first, second = operands(problem, share(problem, 1, 0), "float16", 1, draw)
    filters, out = half2.rotated(problem, second), empty_result(problem, "float16")
    sizes, blocks = half2.shape(problem), half2.grid(problem)
    launch(host, f"conv_{math}", (first, filters, out), sizes, blocks)
    return first, second, out


@given(problem=problems(), math=st.sampled_from(MATHS))
@settings(deadline=None, max_examples=60)
def test_convolutions_keep_their_bounds(
    host: ctypes.CDLL, problem: ConvProblem, math: str
) -> None:
    problem = replace(problem, layout="nhwc")
    assume(not half2.unfit(problem, "float16"))

    first, second, out = convolve(host, math, problem)

    allowed = cuda.ACCUMULATE[math], half2.c(math, problem)
    assert judge(out, oracle(problem, first, second, "float16", *allowed)).ok


@pytest.mark.parametrize("math", MATHS)
@pytest.mark.parametrize("problem", LAYERS, ids=lambda problem: problem.label)
def test_layers_of_networks_keep_their_bounds(
    host: ctypes.CDLL, math: str, problem: ConvProblem
) -> None:
    first, second, out = convolve(host, math, problem)

    allowed = cuda.ACCUMULATE[math], half2.c(math, problem)
    assert judge(out, oracle(problem, first, second, "float16", *allowed)).ok


@pytest.mark.parametrize("math", MATHS)
def test_small_integers_are_summed_exactly(host: ctypes.CDLL, math: str) -> None:
    problem = ConvProblem(1, 24, 9, 9, 16, 3, 3, padding=1)
    first, second, out = convolve(host, math, problem, "integer")

    right = oracle(problem, first, second, "float16", "float32", 8.0)

    np.testing.assert_array_equal(out.astype(float), right.exact)


def test_more_half_math_is_less_accurate(host: ctypes.CDLL) -> None:
    """Sums of one sign in half stagnate; chunks of 32 do not let them."""
    problem = ConvProblem(1, 256, 3, 3, 4, 3, 3, padding=1)
    error = {}
    for math in MATHS:
        first, second, out = convolve(host, math, problem, "positive")
        right = oracle(problem, first, second, "float16", "float32", 8.0)
        error[math] = accuracy(out, right).relative_l2

    assert error["wmma"] == pytest.approx(error["dfp16"], rel=0.01)
    assert error["dfp16"] < error["chunk32"] < error["mfp16"] / 4


@pytest.mark.parametrize("math", MATHS)
def test_numbers_that_are_none_and_overflow_come_through(
    host: ctypes.CDLL, math: str
) -> None:
    problem = ConvProblem(1, 8, 4, 4, 8, 1, 1)
    x, w = (np.ones(shape, np.float16) for shape in ((1, 4, 4, 8), (8, 1, 1, 8)))
    x[0, 0, 0, 0], x[0, 0, 1, 0], x[0, 0, 2] = np.nan, np.inf, 60000
    out = empty_result(problem, "float16")

    sizes, blocks = half2.shape(problem), half2.grid(problem)
    launch(host, f"conv_{math}", (x, w, out), sizes, blocks)

    assert np.isnan(out[0, 0, 0]).all()
    assert np.isposinf(out[0, 0, 1:3]).all()
    assert (out[0, 1:] == 8).all()


@given(problem=problems(), math=st.sampled_from(MATHS))
@settings(deadline=None, max_examples=20)
def test_nothing_beside_the_result_is_written(
    host: ctypes.CDLL, problem: ConvProblem, math: str
) -> None:
    problem = replace(problem, layout="nhwc")
    assume(not half2.unfit(problem, "float16"))
    x, w = operands(problem, share(problem, 1, 0), "float16", 1)
    guarded = np.full(64 + empty_result(problem, "float16").size + 64, 7, np.float16)

    sizes, blocks = half2.shape(problem), half2.grid(problem)
    arrays = x, half2.rotated(problem, w), guarded[64:-64]
    launch(host, f"conv_{math}", arrays, sizes, blocks)

    assert (guarded[:64] == 7).all()
    assert (guarded[-64:] == 7).all()


@given(
    m=st.integers(1, 140),
    n=st.integers(1, 80),
    k=st.integers(1, 100),
    transpose=st.sampled_from(TRANSPOSES),
    math=st.sampled_from(MATHS),
)
@settings(deadline=None, max_examples=60)
def test_products_keep_their_bounds(
    host: ctypes.CDLL, m: int, n: int, k: int, transpose: str, math: str
) -> None:
    problem = GemmProblem(m, n, k, transpose)
    a, b = gemm_operands(problem, range(m), range(n), "float16", 1)
    out = np.full((m, n), np.nan, np.float16)

    launch(host, f"gemm_{math}", (a, b, out), gemm.sizes(a, b), cuda.grid(m, n))

    right = gemm_verify.oracle(a, b, "float16", cuda.ACCUMULATE[math], 1)
    assert gemm_verify.judge(out, right).ok


@pytest.fixture
def as_device(host: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this host be the GPU: its arrays NumPy's, its kernels those of the shim."""

    def kernel(code: str, name: str, options: tuple[str, ...]) -> Any:
        def start(blocks: Any, threads: Any, arguments: tuple[Any, ...]) -> None:
            assert threads == (cuda.THREADS,)
            launch(host, name, arguments[:-1], arguments[-1], blocks)

        return start

    monkeypatch.setattr(device, "kernel", kernel)
    monkeypatch.setattr(device, "use", lambda local_rank: {"cache_bytes": 2**16})
    monkeypatch.setattr(device, "arrays", lambda on_device: np)
    monkeypatch.setattr(device, "to_device", np.copy)
    monkeypatch.setattr(device, "synchronise", lambda: None)


@pytest.mark.usefixtures("as_device")
@pytest.mark.parametrize("direction", ["forward", "backward-data"])
@pytest.mark.parametrize("math", MATHS)
def test_convolutions_are_weighed(math: str, direction: str) -> None:
    problem = ConvProblem(2, 16, 9, 9, 24, 3, 3, 2, 1, direction=direction)

    weigh(Case("conv", math, "float16", problem))


@pytest.mark.usefixtures("as_device")
@pytest.mark.parametrize("transpose", TRANSPOSES)
@pytest.mark.parametrize("math", MATHS)
def test_products_are_weighed(
    math: str, transpose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = replace(VARIANTS[math], run=gemm.half2(math))
    monkeypatch.setitem(VARIANTS, math, fresh)

    weigh(Case("gemm", math, "float16", GemmProblem(70, 33, 50, transpose)))


def test_nothing_beside_the_operands_is_read(host: ctypes.CDLL) -> None:
    script = SHIM / "guarded.py"

    ended = subprocess.run([sys.executable, script, host._name], capture_output=True)

    assert ended.returncode == 0, ended.stderr.decode()
