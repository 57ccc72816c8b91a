"""Every ISA compiles without a warning, also for machines that are not here."""

import shutil
import subprocess
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

NATIVE = Path(__file__).parent.parent / "kernels/native"
PYTHON = [f"-I{sysconfig.get_path('include')}", "-DPy_LIMITED_API=0x030B0000"]
STRICT = ["-std=c11", "-O0", "-Wall", "-Werror", "-Wno-unknown-pragmas"]


def complaints(compiler: str, source: Path) -> str:
    """Return what the compiler says about a source."""
    command = [compiler, *STRICT, *PYTHON, "-c", str(source), "-o", "/dev/null"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 or done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("compiler", "sources"),
    [("aarch64-linux-gnu-gcc", "*_neon.c"), ("clang", "*_*.c")],
)
def test_compiles_without_a_warning(compiler: str, sources: str) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler} here")
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda path: complaints(compiler, path), NATIVE.glob(sources))

    assert not "".join(found)
