"""NumPy or CuPy: the only module that knows whether there is a GPU.

A kernel asks `missing()` before it declines, takes its device once with `use`, and
waits with `synchronise` before anybody else, MPI above all, touches device memory.
"""

from types import ModuleType
from typing import Any


def missing() -> str:
    """Return why nothing can run on a GPU here, or an empty string."""
    try:
        import cupy
    except ImportError:
        return "no GPU: cupy is not installed"
    return "" if cupy.cuda.is_available() else "no GPU: cupy finds no device"


def use(local_rank: int) -> dict[str, Any]:
    """Take this rank's device, round robin; return its name and its cache in bytes."""
    import cupy

    number = local_rank % cupy.cuda.runtime.getDeviceCount()
    cupy.cuda.Device(number).use()
    properties = cupy.cuda.runtime.getDeviceProperties(number)
    return {
        "device": properties["name"].decode(),
        "device_number": number,
        "cache_bytes": int(properties["l2CacheSize"]),
    }


def arrays(on_device: bool) -> ModuleType:
    """Return the array module: cupy for the device, numpy for the host."""
    if on_device:
        import cupy

        module: ModuleType = cupy
        return module
    import numpy

    return numpy


def synchronise() -> None:
    """Wait until the current stream has done its work."""
    import cupy

    cupy.cuda.get_current_stream().synchronize()
