"""Every ISA compiles without a warning, also for machines that are not here."""

import shutil
import subprocess
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

NATIVE = Path(__file__).parent.parent / "kernels/native"
PYTHON = [f"-I{sysconfig.get_path('include')}", "-DPy_LIMITED_API=0x030B0000"]
STRICT = ["-std=c11", "-O0", "-Wall", "-Werror", "-Wno-unknown-pragmas"]
MAKE, ONLY_READ = ["-c", "-o", "/dev/null"], ["-fsyntax-only"]


def complaints(compiler: str, stages: list[str], source: Path) -> str:
    """Return what the compiler says about a source."""
    command = [compiler, *STRICT, *PYTHON, *stages, str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 or done.stderr
    return done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("compiler", "stages", "sources"),
    [("aarch64-linux-gnu-gcc", MAKE, "*_neon.c"), ("clang", ONLY_READ, "*.c")],
    ids=["aarch64", "clang"],
)
def test_compiles_without_a_warning(
    compiler: str, stages: list[str], sources: str
) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler} here")
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(partial(complaints, compiler, stages), NATIVE.glob(sources))

    assert not "".join(found)
