"""Build the native probe; everything else is declared in setup.cfg."""

from pathlib import Path

from setuptools import Extension, setup

NATIVE = Path("kernels/native")

setup(
    ext_modules=[
        Extension(
            "tenbin.kernels.native._native",
            sources=sorted(str(path) for path in NATIVE.glob("*.c")),
            depends=sorted(str(path) for path in NATIVE.glob("*.h")),
            extra_compile_args=["-O3", "-std=c11", "-Wall", "-Wextra", "-fopenmp"],
            extra_link_args=["-fopenmp"],
            define_macros=[("Py_LIMITED_API", "0x030B0000")],
            py_limited_api=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
