"""Build the native loops; everything else is declared in setup.cfg."""

import os
import subprocess
import sysconfig
import tempfile
from pathlib import Path

from setuptools import Extension, setup

NATIVE = Path("kernels/native")
OPENMP = "-fopenmp"


def openmp() -> list[str]:
    """Return the flag of OpenMP where the compiler links with it, otherwise nothing."""
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "openmp.c")
        program = "#include <omp.h>\nint main(void) { omp_in_parallel(); }\n"
        source.write_text(program)
        command = [*compiler, OPENMP, str(source), "-o", str(source.with_suffix(""))]
        try:
            done = subprocess.run(command, capture_output=True, check=False)
        except OSError:
            return []
    return [] if done.returncode else [OPENMP]


flags = openmp()
setup(
    ext_modules=[
        Extension(
            "tenbin.kernels.native._native",
            sources=sorted(str(path) for path in NATIVE.glob("*.c")),
            depends=sorted(str(path) for path in NATIVE.glob("*.h")),
            extra_compile_args=["-O3", "-std=c11", "-Wall", "-Wextra", *flags],
            extra_link_args=flags,
            define_macros=[("Py_LIMITED_API", "0x030B0000")],
            py_limited_api=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
