"""What is written for others, read back and run in any order they may choose."""

import random
import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from tenbin.errors import UsageError
from tenbin.kernels.allreduce.draw import draw
from tenbin.kernels.allreduce.goal import to_goal
from tenbin.kernels.allreduce.hierarchical import hierarchical
from tenbin.kernels.allreduce.msccl import to_msccl
from tenbin.kernels.allreduce.names import parse
from tenbin.kernels.allreduce.schedule import Schedule
from tenbin.kernels.allreduce.traffic import node_by_node, traffic

NAMES = ["8", "4x2", "2hx4d", "leader:4dx2/2", "full:2x4", "tree/3", "doubling"]
NAMES += ["swing", "two-level@1"]
ORDERS = range(5)
COUNT, ITEMSIZE = 20, 4
OPERATION = re.compile(
    r"(l\d+): (?:calc (\d+)|(send|recv) (\d+)b (?:to|from) (\d+) tag (\d+))"
)

State = list[list[Counter[int]]]  # rank, element or chunk: whose parts are in it


def schedule(text: str) -> Schedule:
    return parse(text).schedule(8, 4)


def alone(ranks: int, places: int) -> State:
    return [[Counter({rank: 1}) for _ in range(places)] for rank in range(ranks)]


def is_sum(state: State) -> bool:
    everyone = Counter(range(len(state)))
    return all(held == everyone for places in state for held in places)


def run(moves: list[Callable[[], bool]], order: random.Random) -> None:
    """Run every move once, in a random order that all of them allow."""
    while moves:
        order.shuffle(moves)
        left = [move for move in moves if not move()]
        assert len(left) < len(moves), "all wait for each other"
        moves = left


@dataclass
class Goal:
    """The operations of one rank, read from GOAL text."""

    lines: dict[str, tuple[str, ...]] = field(default_factory=dict)
    meant: dict[str, tuple[int, int, bool]] = field(default_factory=dict)
    needs: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def read_goal(text: str) -> list[Goal]:
    ranks: list[Goal] = []
    meaning = ""
    for line in text.splitlines():
        if line.startswith("rank "):
            ranks.append(Goal())
        elif line.startswith("// "):
            meaning = line[3:]
        elif found := OPERATION.fullmatch(line):
            ranks[-1].lines[found[1]] = found.groups()[1:]
            first, last, *does = [*meaning.split(), ""] if meaning else (0, 0, "")
            ranks[-1].meant[found[1]] = (int(first), int(last), does[0] == "add")
        elif " requires " in line:
            label, _, other = line.split()
            ranks[-1].needs[label].add(other)
        else:
            assert line in ("", "}") or line.startswith("num_ranks"), line
    return ranks


def run_goal(ranks: list[Goal], order: random.Random) -> State:
    state = alone(len(ranks), COUNT)
    wires: dict[tuple[int, ...], deque[list[Counter[int]]]] = defaultdict(deque)
    done: list[set[str]] = [set() for _ in ranks]
    arrived: list[list[tuple[tuple[int, int, bool], list[Counter[int]]]]] = [
        [] for _ in ranks
    ]

    def start(rank: int, label: str) -> bool:
        goal = ranks[rank]
        if not goal.needs[label] <= done[rank]:
            return False
        calc, verb, _, peer, tag = goal.lines[label]
        first, last, _ = goal.meant[label]
        if verb == "send":
            wires[rank, int(peer), int(tag)].append(list(state[rank][first:last]))
        elif verb == "recv":
            wire = wires[int(peer), rank, int(tag)]
            if not wire:
                return False
            arrived[rank].append((goal.meant[label], wire.popleft()))
        else:
            assert calc
            for (begin, end, add), parts in arrived[rank]:
                held = state[rank][begin:end]
                new = [h + p for h, p in zip(held, parts, strict=True)]
                state[rank][begin:end] = new if add else parts
            arrived[rank].clear()
        done[rank].add(label)
        return True

    moves: list[Callable[[], bool]] = [
        partial(start, rank, label)
        for rank, goal in enumerate(ranks)
        for label in goal.lines
    ]
    run(moves, order)
    return state


@pytest.mark.parametrize("text", NAMES)
def test_goal_sums_in_any_order_its_dependencies_allow(text: str) -> None:
    goal = to_goal(schedule(text), COUNT * ITEMSIZE, ITEMSIZE, 1e-9)

    for seed in ORDERS:
        assert is_sum(run_goal(read_goal(goal), random.Random(seed)))


@pytest.mark.parametrize("text", NAMES)
def test_goal_sends_the_bytes_of_the_schedule(text: str) -> None:
    made = schedule(text)
    moved = traffic(made, node_by_node(8, 4), COUNT, ITEMSIZE)

    ranks = read_goal(to_goal(made, COUNT * ITEMSIZE, ITEMSIZE, 0.0))

    sent = [sum(int(o[2]) for o in r.lines.values() if o[1] == "send") for r in ranks]
    assert sum(sent) == moved.intra_bytes + moved.inter_bytes
    assert max(sent) == moved.sent_bytes_per_rank


def test_goal_adds_for_as_long_as_gamma_says() -> None:
    ranks = read_goal(to_goal(hierarchical((2,)), 8000, 4, 1e-9))

    calcs = [int(o[0]) for rank in ranks for o in rank.lines.values() if o[0]]
    assert calcs == [4000, 0, 4000, 0]


def run_msccl(text: str, order: random.Random) -> State:
    root = ET.fromstring(text)
    state = alone(int(root.get("ngpus", "")), int(root.get("nchunksperloop", "")))
    wires: dict[tuple[int, int], deque[list[Counter[int]]]] = defaultdict(deque)
    done: set[tuple[int, int, int]] = set()

    def start(rank: int, block: ET.Element, step: ET.Element) -> bool:
        def number(name: str) -> int:
            return int(step.get(name, ""))

        tb, index = int(block.get("id", "")), number("s")
        if index and (rank, tb, index - 1) not in done:
            return False
        if number("depid") >= 0 and (rank, number("depid"), number("deps")) not in done:
            return False
        places = slice(number("srcoff"), number("srcoff") + number("cnt"))
        kind = step.get("type")
        if kind == "s":
            wires[rank, int(block.get("send", ""))].append(list(state[rank][places]))
        elif kind in ("r", "rrc"):
            wire = wires[int(block.get("recv", "")), rank]
            if not wire:
                return False
            parts, held = wire.popleft(), state[rank][places]
            new = [h + p for h, p in zip(held, parts, strict=True)]
            state[rank][places] = new if kind == "rrc" else parts
        else:
            assert kind == "nop"
        done.add((rank, tb, index))
        return True

    moves: list[Callable[[], bool]] = [
        partial(start, int(gpu.get("id", "")), block, step)
        for gpu in root
        for block in gpu
        for step in block
    ]
    run(moves, order)
    return state


@pytest.mark.parametrize("text", NAMES)
def test_msccl_sums_in_any_order_its_thread_blocks_may_take(text: str) -> None:
    written = to_msccl(schedule(text))

    for seed in ORDERS:
        assert is_sum(run_msccl(written, random.Random(seed)))


@pytest.mark.parametrize("text", NAMES)
def test_msccl_steps_that_others_wait_for_say_so(text: str) -> None:
    for gpu in ET.fromstring(to_msccl(schedule(text))):
        steps = {(b.get("id"), s.get("s")): s for b in gpu for s in b}
        awaited = {
            (s.get("depid"), s.get("deps"))
            for s in steps.values()
            if s.get("depid") != "-1"
        }
        assert {place for place, s in steps.items() if s.get("hasdep") == "1"} == (
            awaited
        )


def test_a_peer_has_one_thread_block_per_direction() -> None:
    for gpu in ET.fromstring(to_msccl(schedule("4dx2"))):
        peers = [(block.get("send"), block.get("recv")) for block in gpu]
        assert len(peers) == len(set(peers))
        assert all("-1" in pair for pair in peers)


@pytest.mark.parametrize("text", NAMES)
def test_a_diagram_has_a_line_for_every_message(text: str) -> None:
    made = schedule(text)

    svg = ET.fromstring(draw(made, node_by_node(8, 4)))

    names = Counter(element.tag.rpartition("}")[2] for element in svg.iter())
    labels = [e.text for e in svg.iter() if e.tag.endswith("text")]
    assert names["path"] == len(made.rows)
    assert made.name in labels
    assert [label for label in labels if label and label.startswith("rank ")] == [
        f"rank {rank}" for rank in range(8)
    ]


def test_a_diagram_tells_adds_from_copies_and_nodes_apart() -> None:
    text = draw(schedule("4x2"), node_by_node(8, 4))
    paths = re.findall(r"<path[^>]*>", text)

    assert sum("dasharray" in path for path in paths) == 32
    assert sum("#d55e00" in path for path in paths) == 16


def test_a_diagram_nobody_could_read_is_refused() -> None:
    with pytest.raises(UsageError, match="65 ranks in 128 rounds are more than"):
        draw(hierarchical((65,)), np.zeros(65, dtype=np.int_))
