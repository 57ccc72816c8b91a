"""NumPy or CuPy: the only module that knows whether there is a GPU.

A kernel asks `missing()` before it declines, takes its device once with `use`, and
waits with `synchronise` before anybody else, MPI above all, touches device memory.
"""

import ctypes
import os
from collections.abc import Callable
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


def capability() -> int:
    """Return the compute capability of this rank's device: 90 for 9.0."""
    import cupy

    return int(cupy.cuda.Device().compute_capability)


def single() -> str:
    """Return what CuPy keeps of float32 in a product: all, or TF32.

    CuPy reads CUPY_TF32 once, at the first such product.
    """
    return "tf32" if int(os.getenv("CUPY_TF32", "0")) > 0 else "float32"


def arrays(on_device: bool) -> ModuleType:
    """Return the array module: cupy for the device, numpy for the host."""
    if on_device:
        import cupy

        module: ModuleType = cupy
        return module
    import numpy

    return numpy


def holds(array: Any) -> bool:
    """Return whether an array lies in the memory of a GPU."""
    return hasattr(array, "__cuda_array_interface__")


def module_of(array: Any) -> ModuleType:
    """Return the array module of an array."""
    return arrays(holds(array))


def to_device(array: Any) -> Any:
    """Return a copy of an array in the memory of this rank's device."""
    import cupy

    return cupy.array(array)


def empty(size_bytes: int) -> Any:
    """Return that much memory of this rank's device, for a library to work in."""
    import cupy

    return cupy.empty(size_bytes, dtype=cupy.uint8)


def kernel(code: str, name: str, options: tuple[str, ...]) -> Any:
    """Return the kernel `name` of a CUDA source, called as (grid, block, arguments).

    NVRTC compiles it for this device at the first call; CuPy keeps the binary on disk.
    Work goes to the current stream.
    """
    import cupy

    return cupy.RawModule(code=code, options=options).get_function(name)


def to_host(array: Any) -> Any:
    """Return an array in host memory; the same one where it is there already."""
    return array.get() if holds(array) else array


def nccl_missing() -> str:
    """Return why NCCL cannot be used from here, or an empty string."""
    from cupy.cuda import nccl

    return "" if nccl.available else "no NCCL: cupy was built or installed without it"


def cuda_mpi_missing() -> str:
    """Return why MPI cannot take memory of a GPU, or an empty string.

    Open MPI and its kin answer MPIX_Query_cuda_support, MPI 4.1 libraries the key
    `mpi_memory_alloc_kinds`; a library that says nothing is not trusted with it.
    """
    from mpi4py import MPI

    info = MPI.COMM_WORLD.Get_info()
    kinds = info.Get("mpi_memory_alloc_kinds") or ""
    info.Free()
    query = getattr(ctypes.CDLL(MPI.__file__), "MPIX_Query_cuda_support", None)
    aware = "cuda" in kinds or (query is not None and query() == 1)
    return "" if aware else "this MPI library does not say that it is CUDA-aware"


def nccl_communicator(world: Any) -> Any:
    """Return the NCCL communicator of all ranks, each with its own device."""
    from cupy.cuda import nccl

    ticket = world.bcast(nccl.get_unique_id() if world.rank == 0 else None)
    return nccl.NcclCommunicator(world.size, ticket, world.rank)


def nccl_group() -> Any:
    """Return what has `groupStart` and `groupEnd`, to put around calls."""
    from cupy.cuda import nccl

    return nccl


def stream() -> int:
    """Return the current stream, as a number for C interfaces."""
    import cupy

    return int(cupy.cuda.get_current_stream().ptr)


def blas_handle() -> int:
    """Return the cuBLAS handle of this device, set to the current stream."""
    import cupy

    return int(cupy.cuda.device.get_cublas_handle())


def synchronise() -> None:
    """Wait until the current stream has done its work."""
    import cupy

    cupy.cuda.get_current_stream().synchronize()


def settled(reset: Callable[[int], None], on_device: bool) -> Callable[[int], None]:
    """Return `reset`, on a device with a wait after it: its work is not to be timed."""

    def settle(repetition: int) -> None:
        reset(repetition)
        synchronise()

    return settle if on_device else reset
