"""A GPU in name only: what executors call of CuPy and NCCL, in memory of the host."""

import ctypes
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest
from mpi4py import MPI
from numpy.typing import NDArray

from tenbin import device

ITEM_BYTES = {6: 2, 7: 4, 8: 8}  # by ncclDataType_t
DTYPES = {6: "float16", 7: "float32", 8: "float64"}
SUM = 0  # ncclRedOp_t


class Array(np.ndarray[Any, Any]):
    """Memory that says it lies on a device."""

    __cuda_array_interface__: ClassVar = {"version": 3}

    @property
    def data(self) -> Any:
        """Return what knows the address, as CuPy's arrays do."""
        return SimpleNamespace(ptr=self.ctypes.data)

    def get(self) -> NDArray[Any]:
        """Return a copy that the host may read."""
        return np.array(self)


class Nccl:
    """NCCL's group calls and communicator, over MPI.

    What is called in a group happens at its end, as one. NCCL promises no order within
    it, so nothing of a group may be received where something of it is sent or received.
    """

    def __init__(self, comm: MPI.Comm) -> None:
        self.comm = comm.Dup()
        self.calls: list[tuple[str, int, int, int]] | None = None

    def groupStart(self) -> None:
        """Begin to collect calls."""
        assert self.calls is None
        self.calls = []

    def send(self, place: int, count: int, code: int, peer: int, stream: int) -> None:
        """Send to a peer, which receives in the order of these calls."""
        self._call("send", place, count * ITEM_BYTES[code], peer)

    def recv(self, place: int, count: int, code: int, peer: int, stream: int) -> None:
        """Receive from a peer."""
        self._call("recv", place, count * ITEM_BYTES[code], peer)

    def _call(self, kind: str, place: int, size: int, peer: int) -> None:
        assert self.calls is not None, "no group has been started"
        self.calls.append((kind, place, size, peer))

    def groupEnd(self) -> None:
        """Do what was called."""
        assert self.calls is not None
        _check_apart(self.calls)
        requests = []
        for kind, place, size, peer in self.calls:
            memory = [_memory(place, size), MPI.BYTE]
            begin = self.comm.Isend if kind == "send" else self.comm.Irecv
            requests.append(begin(memory, peer))
        MPI.Request.Waitall(requests)
        self.calls = None

    def allReduce(
        self, source: int, target: int, count: int, code: int, op: int, stream: int
    ) -> None:
        """Sum in place."""
        assert (source, op) == (target, SUM)
        memory = _memory(target, count * ITEM_BYTES[code])
        values = np.frombuffer(memory, DTYPES[code])
        values[:] = sum(self.comm.allgather(values.copy()))

    def destroy(self) -> None:
        """Free the communicator."""
        self.comm.Free()


def _memory(place: int, size: int) -> Any:
    return (ctypes.c_char * size).from_address(place)


def _check_apart(calls: list[tuple[str, int, int, int]]) -> None:
    for i, (kind, place, size, _) in enumerate(calls):
        for other, there, length, _ in calls[:i]:
            apart = place + size <= there or there + length <= place
            assert apart or kind == other == "send"


def install(patch: pytest.MonkeyPatch) -> list[Nccl]:
    """Have `device` take host memory for a GPU; return the communicators to be made."""
    made: list[Nccl] = []

    def zeros(count: int, dtype: Any) -> Array:
        return np.zeros(count, dtype).view(Array)

    def communicator(comm: MPI.Comm) -> Nccl:
        made.append(Nccl(comm))
        return made[-1]

    names = ("add", "copyto", "asarray")
    cupy = SimpleNamespace(
        empty=zeros, zeros=zeros, **{name: getattr(np, name) for name in names}
    )
    patch.setattr(device, "arrays", lambda on_device: cupy if on_device else np)
    patch.setattr(device, "use", lambda local_rank: {})
    patch.setattr(device, "missing", lambda: "")
    patch.setattr(device, "nccl_missing", lambda: "")
    patch.setattr(device, "stream", lambda: 0)
    patch.setattr(device, "synchronise", lambda: None)
    patch.setattr(device, "nccl_communicator", communicator)
    patch.setattr(device, "nccl_group", lambda: made[-1])
    return made
