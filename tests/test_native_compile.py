"""Every ISA compiles without a warning, and runs where an emulator offers it."""

import shutil
import subprocess
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

NATIVE = Path(__file__).parent.parent / "kernels/native"
NATIVE_ROWS = Path(__file__).parent / "native_rows"
PYTHON = [f"-I{sysconfig.get_path('include')}", "-DPy_LIMITED_API=0x030B0000"]
STRICT = ["-std=c11", "-O0", "-Wall", "-Werror", "-Wno-unknown-pragmas"]
ARM, EMULATOR = "aarch64-linux-gnu-gcc", "qemu-aarch64-static"
SVE512 = ["-march=armv8.2-a+sve", "-msve-vector-bits=512"]
WITH_SVE512 = ["-DTENBIN_SVE512=1"]
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
    [
        (ARM, MAKE, "*_neon*.c"),
        (ARM, [*MAKE, *SVE512, *WITH_SVE512], "*_sve512.c"),
        ("clang", ONLY_READ, "*.c"),
    ],
    ids=["aarch64", "sve512", "clang"],
)
def test_compiles_without_a_warning(
    compiler: str, stages: list[str], sources: str
) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler} here")
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(partial(complaints, compiler, stages), NATIVE.glob(sources))

    assert not "".join(found)


@pytest.fixture(scope="module")
def loops_of_arm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that compares every native loop of a CPU with the scalar one."""
    if shutil.which(ARM) is None or shutil.which(EMULATOR) is None:
        pytest.skip(f"no {ARM} or {EMULATOR} here")
    folder = tmp_path_factory.mktemp("loops")
    apart = {str(source) for source in NATIVE.glob("*_sve512.c")}
    modules = {str(source) for source in NATIVE.glob("module*.c")}
    own = {str(source) for source in NATIVE.glob("*.c")} - apart - modules
    rows = [str(source) for source in NATIVE_ROWS.glob("*.c")]
    compiler = [ARM, "-std=c11", "-O1", *WITH_SVE512]
    subprocess.run([*compiler, *SVE512, "-c", *apart], cwd=folder, check=True)
    objects = [str(made) for made in folder.glob("*.o")]
    program = folder / "loops"
    linked = ["-static", *rows, *own, *objects, "-lm", "-o", str(program)]
    subprocess.run([*compiler, *linked], check=True)
    return program


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cpu", "isas"),
    [
        ("cortex-a72", ["neon"]),
        ("max,sve512=off", ["neon", "neonfp16"]),
        ("a64fx", ["neon", "neonfp16", "sve512"]),
    ],
    ids=["without SVE", "vectors of 256 bits", "vectors of 512 bits"],
)
def test_loops_of_arm_agree_with_the_scalar_ones(
    loops_of_arm: Path, cpu: str, isas: list[str]
) -> None:
    command = [EMULATOR, "-cpu", cpu, str(loops_of_arm)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    rows = [line.split(":")[0].split() for line in done.stdout.splitlines()]
    loops = {
        isa: {(name, dtype) for name, dtype, its in rows if its == isa}
        for *_, isa in rows
    }
    assert sorted(loops) == sorted(["scalar", *isas])
    assert ("conv_winograd4", "float16") in loops["neon"]
    if "sve512" in isas:
        assert loops["neon"] | loops["neonfp16"] < loops["sve512"]
