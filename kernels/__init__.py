"""What is weighed. Each folder is one kernel; its `__init__.py` holds its `KERNEL`.

Adding a kernel is a folder and a line here; a study may bring its own from a file.
"""

from collections.abc import Mapping
from importlib import import_module, util

from tenbin.errors import UsageError, unknown
from tenbin.kernel import Kernel

KERNELS: dict[str, str] = {
    "gemm": "tenbin.kernels.gemm",
    "conv": "tenbin.kernels.conv",
    "allreduce": "tenbin.kernels.allreduce",
    "training": "tenbin.kernels.training",
    "inference": "tenbin.kernels.inference",
}


def load(name: str, own: Mapping[str, str] | None = None) -> Kernel:
    """Return the kernel of that name, from the table or from the study's `own` files.

    Raises UsageError for an unknown name, with the choices, and for a file that is
    missing or holds no `KERNEL`.
    """
    own = own or {}
    if name in own:
        return _load_file(name, own[name])
    if name not in KERNELS:
        raise unknown("kernel", name, [*KERNELS, *own])
    kernel: Kernel = import_module(KERNELS[name]).KERNEL
    return kernel


def _load_file(name: str, path: str) -> Kernel:
    spec = util.spec_from_file_location(f"tenbin_own_{name}", path)
    if spec is None or spec.loader is None:
        raise UsageError(f"kernels.{name}: not a Python file: {path}")
    module = util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except OSError as error:
        raise UsageError(f"kernels.{name}: {error}") from None
    kernel = getattr(module, "KERNEL", None)
    if not isinstance(kernel, Kernel):
        raise UsageError(f"kernels.{name}: no KERNEL in {path}")
    return kernel
