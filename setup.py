"""Build the native loops; everything else is declared in setup.cfg."""

import os
import subprocess
import sysconfig
import tempfile
from pathlib import Path

from setuptools import Extension, setup

NATIVE = Path("kernels/native")
OPENMP = ["-fopenmp"]
OPENMP_PROGRAM = "#include <omp.h>\nint main(void) { omp_in_parallel(); }\n"
SVE512 = ["-march=armv8.2-a+sve", "-msve-vector-bits=512"]
SVE_PROGRAM = "#include <arm_sve.h>\n#include <sys/prctl.h>\nint main(void) {}\n"


def takes(flags: list[str], program: str) -> bool:
    """Return whether the compiler builds and links a program with these flags."""
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "program.c")
        source.write_text(program)
        command = [*compiler, *flags, str(source), "-o", str(source.with_suffix(""))]
        try:
            done = subprocess.run(command, capture_output=True, check=False)
        except OSError:
            return False
    return done.returncode == 0


openmp = OPENMP if takes(OPENMP, OPENMP_PROGRAM) else []
flags = ["-O3", "-std=c11", "-Wall", "-Wextra", *openmp]
headers = sorted(str(path) for path in NATIVE.glob("*.h"))
sources = {str(path) for path in NATIVE.glob("*.c")}
macros = [("Py_LIMITED_API", "0x030B0000")]
libraries = []
if takes(SVE512, SVE_PROGRAM):
    # The length of vectors is a flag of whole files, so that these are built apart.
    macros.append(("TENBIN_SVE512", "1"))
    apart = {str(path) for path in NATIVE.glob("*_sve512.c")}
    sources -= apart
    library = {
        "sources": sorted(apart),
        "obj_deps": {"": headers},
        "cflags": [*flags, *SVE512],
        "macros": macros,
    }
    libraries.append(("tenbin_sve512", library))

setup(
    libraries=libraries,
    ext_modules=[
        Extension(
            "tenbin.kernels.native._native",
            sources=sorted(sources),
            depends=headers,
            extra_compile_args=flags,
            extra_link_args=openmp,
            define_macros=macros,
            py_limited_api=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
