"""A schedule as MSCCL XML, which the MSCCL runtimes of NVIDIA and AMD GPUs execute.

    <gpu id="1">                          one rank
      <tb id="0" send="2" recv="-1">      one thread block per peer and direction
        <step type="s" srcoff="3" .../>   send chunk 3
      <tb id="1" send="-1" recv="0">
        <step type="rrc" .../>            receive, add, store (`r`: receive and store)

Thread blocks run side by side; what must wait names the step it waits for. A send
waits for the last write of its chunks; a receive for the last write, and for the sends
that still read them. In the order of rounds, sends before receives, every wait points
back, so that nothing waits in a circle. A step waits for one other: `nop`s wait for
more. The runtimes take up to 256 steps per thread block and 72 chunks per step.

Source of the format: microsoft/msccl-tools; Cowan et al., "MSCCLang", ASPLOS 2023.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from tenbin.kernels.allreduce.schedule import Schedule

Place = tuple[int, int]  # thread block, step
Block = tuple[str, int]  # send or recv, peer


@dataclass
class Step:
    """A step of a thread block, and the steps of others that it waits for."""

    kind: str
    chunk: int = 0
    count: int = 0
    waits: Place | None = None


@dataclass
class Gpu:
    """The thread blocks of one rank, and who touched each chunk last."""

    blocks: dict[Block, list[Step]] = field(default_factory=dict)
    numbers: dict[Block, int] = field(default_factory=dict)
    writer: dict[int, Place] = field(default_factory=dict)
    readers: dict[int, list[Place]] = field(default_factory=dict)

    def send(self, peer: int, chunks: range) -> None:
        """Send chunks as they are after all that was written so far."""
        waits = [self.writer[c] for c in chunks if c in self.writer]
        place = self._add("send", peer, Step("s", chunks.start, len(chunks)), waits)
        for chunk in chunks:
            self.readers.setdefault(chunk, []).append(place)

    def receive(self, peer: int, chunks: range, reduce: bool) -> None:
        """Write chunks after all that was written and read so far."""
        waits = [self.writer[c] for c in chunks if c in self.writer]
        waits += [place for c in chunks for place in self.readers.pop(c, [])]
        kind = "rrc" if reduce else "r"
        place = self._add("recv", peer, Step(kind, chunks.start, len(chunks)), waits)
        self.writer.update(dict.fromkeys(chunks, place))

    def _add(self, way: str, peer: int, step: Step, waits: Iterable[Place]) -> Place:
        block = (way, peer)
        steps = self.blocks.setdefault(block, [])
        number = self.numbers.setdefault(block, len(self.numbers))
        last: dict[int, int] = {}
        for other, index in waits:
            if other != number:
                last[other] = max(last.get(other, 0), index)
        *extra, step.waits = [None, *sorted(last.items())]
        steps += [Step("nop", waits=place) for place in extra if place]
        steps.append(step)
        return number, len(steps) - 1


def to_msccl(schedule: Schedule) -> str:
    """Return the XML of a schedule, in place, one chunk of it per chunk of MSCCL."""
    gpus = [Gpu() for _ in range(schedule.ranks)]
    for rows in schedule:
        moves = [
            (src, dst, range(chunk, chunk + count), reduce)
            for _, src, dst, chunk, count, reduce in rows.tolist()
        ]
        for src, dst, chunks, _ in moves:
            gpus[src].send(dst, chunks)
        for src, dst, chunks, reduce in moves:
            gpus[dst].receive(src, chunks, reduce)
    root = ET.Element(
        "algo",
        name=schedule.name,
        proto="Simple",
        nchannels="1",
        nchunksperloop=str(schedule.chunks),
        ngpus=str(schedule.ranks),
        coll="allreduce",
        inplace="1",
        outofplace="0",
        minBytes="0",
        maxBytes="0",
    )
    for rank, gpu in enumerate(gpus):
        _write(root, rank, gpu, schedule.chunks)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _write(root: ET.Element, rank: int, gpu: Gpu, chunks: int) -> None:
    sizes = {"i_chunks": str(chunks), "o_chunks": str(chunks), "s_chunks": "0"}
    element = ET.SubElement(root, "gpu", {"id": str(rank), **sizes})
    awaited = {step.waits for steps in gpu.blocks.values() for step in steps}
    for (way, peer), steps in gpu.blocks.items():
        number = gpu.numbers[way, peer]
        peers = {"send": "-1", "recv": "-1", way: str(peer), "chan": "0"}
        block = ET.SubElement(element, "tb", {"id": str(number), **peers})
        for index, step in enumerate(steps):
            other, waits = step.waits or (-1, -1)
            ET.SubElement(
                block,
                "step",
                s=str(index),
                type=step.kind,
                srcbuf="i",
                srcoff=str(step.chunk),
                dstbuf="i",
                dstoff=str(step.chunk),
                cnt=str(step.count),
                depid=str(other),
                deps=str(waits),
                hasdep=str(int((number, index) in awaited)),
            )
