"""Native loops: one C source per ISA, chosen at run time.

`TENBIN_ISA` (scalar, avx2, avx512, ...) sets the highest ISA used; it is read when the
extension is imported and judged where it is first needed.
"""

from types import ModuleType

from tenbin.errors import TenbinError


def load() -> ModuleType:
    """Return the extension module; raise TenbinError where it was not built."""
    try:
        from tenbin.kernels.native import _native
    except ImportError as error:
        raise TenbinError(
            f"the native module is missing ({error}); install a C compiler and "
            "reinstall tenbin"
        ) from None
    return _native
