"""The CUDA kernels compile for every architecture, without spills, to packed math."""

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest

from tenbin.kernels.cuda import OPTIONS, source

NVCC = shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc"
PTXAS = shutil.which("ptxas") or str(Path(NVCC).with_name("ptxas"))
WANTED = (70, 75, 80, 89, 90, 120)
KERNELS = [f"{kind}_{math}" for kind in ("conv", "gemm") for math in
           ("dfp16", "mfp16", "chunk32", "wmma")]  # fmt: skip

pytestmark = pytest.mark.skipif(not Path(NVCC).exists(), reason="nvcc is not installed")


def call(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@cache
def known() -> tuple[int, ...]:
    listed = call(NVCC, "--list-gpu-arch").split()
    return tuple(arch for arch in WANTED if f"compute_{arch}" in listed)


@pytest.fixture(scope="module")
def ptx(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Both files at once, for the oldest architecture and for one with newer math."""
    folder = tmp_path_factory.mktemp("ptx")
    both = folder / "both.cu"
    both.write_text(source("conv.cu") + source("gemm.cu"))

    def compiled(arch: int) -> Path:
        to = folder / f"{arch}.ptx"
        call(NVCC, *OPTIONS, f"-arch=compute_{arch}", "-ptx", "-o", str(to), str(both))
        return to

    archs = (known()[0], 80)
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(archs, pool.map(compiled, archs), strict=True))


def test_no_architecture_spills(ptx: dict[int, Path], tmp_path: Path) -> None:
    def report(arch: int) -> str:
        start = ptx[max(start for start in ptx if start <= arch)]
        cubin = str(tmp_path / f"{arch}.cubin")
        return call(PTXAS, "-v", f"-arch=sm_{arch}", "-o", cubin, str(start))

    with ThreadPoolExecutor(2) as pool:
        for text in pool.map(report, known()):
            compiled = re.findall(r"Compiling entry function '(\w+)'", text)
            spills = re.findall(r"(\d+) bytes spill", text)
            assert sorted(compiled) == sorted(KERNELS)
            assert set(spills) == {"0"}, text


def entries(path: Path) -> dict[str, str]:
    parts = path.read_text().split(".visible .entry ")[1:]
    return {part[: part.index("(")]: part for part in parts}


def test_half_math_is_packed(ptx: dict[int, Path]) -> None:
    for path in ptx.values():
        for name, text in entries(path).items():
            packed = len(re.findall(r"fma\.rn\.f16x2", text))
            assert (packed > 0) == name.endswith(("mfp16", "chunk32"))


def test_tensor_cores_are_used(ptx: dict[int, Path]) -> None:
    for path in ptx.values():
        for name, text in entries(path).items():
            assert ("wmma.mma.sync" in text) == name.endswith("wmma")


def test_pieces_are_read_16_bytes_at_a_time(ptx: dict[int, Path]) -> None:
    wide = re.compile(r"ld\.(global\.)?(nc\.)?v4\.[ubf]32")
    for path in ptx.values():
        for name, text in entries(path).items():
            assert wide.search(text), name


def test_the_text_needs_no_file_beside_it() -> None:
    assert '#include "' not in source("conv.cu") + source("gemm.cu")
