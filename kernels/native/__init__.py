"""Native loops: one C source per ISA, chosen at run time.

`TENBIN_ISA` (scalar, avx2, avx512, ...) sets the highest ISA used; it is read when the
extension is imported and judged where it is first needed.
"""

import os
from functools import cache
from types import ModuleType

from tenbin.errors import TenbinError

# Idle OpenMP threads spin for some 20 us, then sleep: ranks may outnumber processors.
SPIN = ("GOMP_SPINCOUNT", "10000")
USERS_OWN = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")


@cache
def load() -> ModuleType:
    """Return the extension module; raise TenbinError where it was not built."""
    quiet = not any(name in os.environ for name in USERS_OWN)
    if quiet:
        os.environ[SPIN[0]] = SPIN[1]
    try:
        from tenbin.kernels.native import _native
    except ImportError as error:
        raise TenbinError(
            f"the native module is missing ({error}); install a C compiler and "
            "reinstall tenbin"
        ) from None
    finally:
        if quiet:
            del os.environ[SPIN[0]]
    return _native


def lacking(operation: str, dtype: str) -> str:
    """Return why this machine lacks a native operation, or an empty string."""
    try:
        load().chosen(operation, dtype)
    except (TenbinError, ValueError) as reason:
        return str(reason)
    return ""
