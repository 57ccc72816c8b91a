"""The MPI executor: a schedule compiled once to persistent requests, then replayed.

    per step     start all   -->   wait all   -->   add, copy
                 receives, sends                    from scratch into the buffer

What is to be added is received into scratch; what is to be copied goes straight into
the buffer, unless a send of the same step reads that place: a send must see the state
before the round, so such a copy waits in scratch too. A replay is one Startall and one
Waitall per step and one call per message to add. Buffers on a GPU are handed to a
library that knows them; then the device has done its work before each step starts.

Why messages cannot be mixed up. MPI keeps the order of messages with equal sender,
receiver, communicator and tag. Steps: a rank starts step t + 1 after all its requests
of step t are complete, so both sides of a pair start their rounds in schedule order,
and rounds without a message between them are left out on both sides. Within a step
Startall may start in any order, so messages between one pair get tags of their own,
numbered on both sides from the same rows. Two plans on one communicator: all ranks
start them in the same order, and the same argument holds across them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from mpi4py import MPI
from numpy.typing import NDArray

from tenbin import device
from tenbin.kernels.allreduce.dtypes import accumulate
from tenbin.kernels.allreduce.lower import Message, Step, lower
from tenbin.kernels.allreduce.pages import fresh
from tenbin.kernels.allreduce.plan import Part, Plan
from tenbin.kernels.allreduce.schedule import Schedule

Buffer = NDArray[Any]


@dataclass(frozen=True)
class Compiled:
    """One step: requests to start and wait for, then calls that need the result."""

    requests: list[MPI.Prequest]
    finish: tuple[Callable[[], object], ...]


def compile_plan(
    schedule: Schedule,
    comm: MPI.Comm,
    buffer: Buffer,
    dtype: str = "",
    scratch: Buffer | None = None,
) -> Plan:
    """Compile the part of this rank for one contiguous, one-dimensional buffer.

    `dtype` says what the buffer holds where its own dtype does not (bfloat16); plans
    that never run at the same time may share the `scratch` of `make_scratch`, which
    then stays in the cache. The schedule must be proven: a faulty one may wait forever.
    `Plan.release` frees the requests; `comm` stays the caller's.
    """
    if scratch is None:
        scratch = make_scratch(schedule, comm.rank, buffer)
    steps = lower(schedule, comm.rank, buffer.size)
    compiled = tuple(
        _compile_step(step, comm, buffer, scratch, dtype) for step in steps
    )
    details = {"executor": "mpi", "datatype": "MPI_BYTE", "steps": len(steps)}
    replay = _replay_in_order if device.holds(buffer) else _replay
    parts = tuple(
        Part(f"round {step.round}", partial(replay, (one,)), peers(step))
        for step, one in zip(steps, compiled, strict=True)
    )
    return Plan(partial(replay, compiled), partial(_free, compiled), details, parts)


def peers(step: Step) -> dict[str, list[int]]:
    """Return to whom a step sends, and from whom it receives."""
    return {
        "to": sorted({message.peer for message in step.sends}),
        "from": sorted({message.peer for message in step.receives}),
    }


def make_scratch(schedule: Schedule, rank: int, buffer: Buffer) -> Buffer:
    """Return the scratch that a rank needs for such a buffer."""
    steps = lower(schedule, rank, buffer.size)
    sizes = (sum(m.last - m.first for m in through_scratch(step)) for step in steps)
    most = max(sizes, default=0)
    if not device.holds(buffer):
        return fresh(most, buffer.dtype)
    scratch: Buffer = device.module_of(buffer).zeros(most, dtype=buffer.dtype)
    return scratch


def through_scratch(step: Step) -> list[Message]:
    """Return the messages that must not arrive in the buffer itself."""
    return [
        message
        for message in step.receives
        if message.reduce or any(message.overlaps(sent) for sent in step.sends)
    ]


def arrivals(step: Step, scratch: Buffer) -> dict[Message, Buffer]:
    """Return where in the scratch each message arrives that goes through it."""
    places: dict[Message, Buffer] = {}
    used = 0
    for message in through_scratch(step):
        size = message.last - message.first
        places[message] = scratch[used : used + size]
        used += size
    return places


def _compile_step(
    step: Step,
    comm: MPI.Comm,
    buffer: Buffer,
    scratch: Buffer,
    dtype: str,
) -> Compiled:
    arrived = arrivals(step, scratch)
    finish = [
        merge(m, buffer[m.first : m.last], part, dtype) for m, part in arrived.items()
    ]
    receives = [
        comm.Recv_init(
            _as_bytes(arrived.get(m, buffer[m.first : m.last])), m.peer, m.tag
        )
        for m in step.receives
    ]
    sends = [
        comm.Send_init(_as_bytes(buffer[m.first : m.last]), m.peer, m.tag)
        for m in step.sends
    ]
    return Compiled([*receives, *sends], tuple(finish))


def _as_bytes(part: Buffer) -> list[Any]:
    """Describe data to MPI as bytes, so that it need not know the dtype."""
    return [part.view("uint8"), MPI.BYTE]


def merge(
    message: Message, target: Buffer, arrived: Buffer, dtype: str
) -> Callable[[], object]:
    """Return the call that adds or copies what has arrived."""
    if message.reduce:
        return accumulate(dtype or target.dtype.name, target, arrived)
    return partial(device.module_of(target).copyto, target, arrived)


def _replay(compiled: tuple[Compiled, ...]) -> None:
    for step in compiled:
        MPI.Prequest.Startall(step.requests)
        MPI.Request.Waitall(step.requests)
        for call in step.finish:
            call()


def _replay_in_order(compiled: tuple[Compiled, ...]) -> None:
    """Replay on a device, whose work MPI does not wait for."""
    for step in compiled:
        device.synchronise()
        _replay((step,))
    device.synchronise()


def _free(compiled: tuple[Compiled, ...]) -> None:
    for step in compiled:
        for request in step.requests:
            request.Free()
