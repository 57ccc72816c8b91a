"""The NCCL executor: a schedule as groups of sends and receives on one stream.

    per step     group start | receives, sends | group end   -->   add, copy

All is put on the current stream and the host waits once, at the end. What must not
arrive in the buffer itself goes through scratch, as with MPI (`execute_mpi`). Between a
pair, NCCL matches sends and receives of a group in order, and both sides number them
from the same rows.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from numpy.typing import NDArray

from tenbin import device
from tenbin.kernels.allreduce.execute_mpi import arrivals, make_scratch, merge
from tenbin.kernels.allreduce.lower import Message, Step, lower
from tenbin.kernels.allreduce.plan import Plan
from tenbin.kernels.allreduce.schedule import Schedule

CODES = {"float16": 6, "float32": 7, "float64": 8}  # ncclDataType_t
SUM = 0  # ncclRedOp_t

Buffer = NDArray[Any]
Call = Callable[[], object]


def nccl_library(nccl: Any, buffer: Buffer) -> Plan:
    """Return NCCL's own allreduce, in place."""
    place = buffer.data.ptr  # type: ignore[attr-defined]
    facts = (buffer.size, CODES[buffer.dtype.name], SUM, device.stream())
    calls = (partial(nccl.allReduce, place, place, *facts), device.synchronise)
    return Plan(partial(_run, calls), details={"executor": "nccl-library"})


def compile_nccl(schedule: Schedule, nccl: Any, rank: int, buffer: Buffer) -> Plan:
    """Compile the part of this rank for one buffer on its device."""
    steps = lower(schedule, rank, buffer.size)
    scratch = make_scratch(schedule, rank, buffer)
    calls: list[Call] = []
    for step in steps:
        calls += _step(step, nccl, buffer, scratch)
    calls.append(device.synchronise)
    details = {"executor": "nccl", "steps": len(steps)}
    return Plan(partial(_run, tuple(calls)), details=details)


def _step(step: Step, nccl: Any, buffer: Buffer, scratch: Buffer) -> list[Call]:
    """Return the calls of one step: a group, then the adds and copies."""
    group, arrived = device.nccl_group(), arrivals(step, scratch)
    parts = {m: buffer[m.first : m.last] for m in (*step.receives, *step.sends)}
    return [
        group.groupStart,
        *_calls(nccl.recv, step.receives, {**parts, **arrived}),
        *_calls(nccl.send, step.sends, parts),
        group.groupEnd,
        *(merge(m, parts[m], part, "") for m, part in arrived.items()),
    ]


def _calls(
    move: Callable[..., object],
    messages: Sequence[Message],
    parts: dict[Message, Buffer],
) -> list[Call]:
    code = {m: CODES[parts[m].dtype.name] for m in messages}
    return [
        partial(
            move,
            parts[m].data.ptr,  # type: ignore[attr-defined]
            parts[m].size,
            code[m],
            m.peer,
            device.stream(),
        )
        for m in messages
    ]


def _run(calls: Sequence[Call]) -> None:
    for call in calls:
        call()
