"""Every ISA compiles without a warning, and runs where an emulator offers it."""

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
ARM, EMULATOR = "aarch64-linux-gnu-gcc", "qemu-aarch64-static"
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
    [(ARM, MAKE, "*_neon*.c"), ("clang", ONLY_READ, "*.c")],
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


@pytest.mark.slow
def test_convolutions_of_arm_agree_with_the_scalar_ones(tmp_path: Path) -> None:
    if shutil.which(ARM) is None or shutil.which(EMULATOR) is None:
        pytest.skip(f"no {ARM} or {EMULATOR} here")
    program = tmp_path / "rows"
    sources = [Path(__file__).parent / "native_rows.c", *NATIVE.glob("*.c")]
    own = [str(source) for source in sources if not source.name.startswith("module")]
    flags = ["-std=c11", "-O1", "-static"]
    subprocess.run([ARM, *flags, *own, "-lm", "-o", str(program)], check=True)

    done = subprocess.run(
        [EMULATOR, str(program)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
    assert "conv_winograd4 float16 neon" in done.stdout
    assert "conv_fp16acc float16 neonfp16" in done.stdout
