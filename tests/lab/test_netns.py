"""A cluster in one box: real MPI over links whose bytes are those of the schedule."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.netns.lab import HERE, Lab, lab, missing, sent_bytes

REASON = missing()
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON or "none")

BENCH = HERE.parents[2] / "benchmarks" / "allreduce_lab.py"
WITHIN = 0.02
WHERE = """
from mpi4py import MPI
shared = MPI.COMM_WORLD.Split_type(MPI.COMM_TYPE_SHARED)
places = MPI.COMM_WORLD.gather((MPI.Get_processor_name(), shared.size))
if MPI.COMM_WORLD.rank == 0:
    print(sorted(places))
"""


def namespaces(name: str) -> list[str]:
    listed = subprocess.run(
        ["ip", "netns", "list"], capture_output=True, text=True, check=True
    )
    words = (line.split()[0] for line in listed.stdout.splitlines())
    return [word for word in words if word.startswith(f"{name}-")]


def test_ranks_live_on_nodes_of_their_own(tmp_path: Path) -> None:
    script = tmp_path / "where.py"
    script.write_text(WHERE)
    with lab(nodes=2, rate="off") as cluster:
        text = cluster.run([str(script)], ranks_per_node=2)
    assert "[('n0', 2), ('n0', 2), ('n1', 2), ('n1', 2)]" in text


@pytest.mark.parametrize(("nodes", "ranks_per_node"), [(4, 1), (2, 2)])
def test_links_carry_the_bytes_of_the_schedule(nodes: int, ranks_per_node: int) -> None:
    arguments = [str(BENCH), "--inside", "--sizes", "4MiB", "--rounds", "1"]
    names = ["flat", "doubling"] if ranks_per_node == 1 else ["flat", "2x2", "2dx2d/4"]
    arguments += ["--algorithms", ",".join(names)]
    with lab(nodes=4, rate="1gbit") as cluster:
        before = cluster.sent_bytes()
        text = cluster.run(arguments, ranks_per_node, nodes)
        after = cluster.sent_bytes()
    (line,) = (line for line in text.splitlines() if line.startswith("found "))
    _, found = json.loads(line.removeprefix("found "))
    assert found.keys() == set(names)
    for name, row in found.items():
        assert row["moved"][0] == pytest.approx(row["wanted"], rel=WITHIN), name
    seen_outside = sum(after) - sum(before)
    assert seen_outside >= sum(row["moved"][0] for row in found.values())


def test_a_shaped_link_is_as_slow_as_asked() -> None:
    arguments = [str(BENCH), "--inside", "--sizes", "4MiB", "--rounds", "2"]
    arguments += ["--algorithms", "flat"]
    with lab(nodes=2, rate="200mbit") as cluster:
        text = cluster.run(arguments, ranks_per_node=1)
    (line,) = (line for line in text.splitlines() if line.startswith("found "))
    _, found = json.loads(line.removeprefix("found "))
    ideal_s = 4 * 2**20 * 8 / 200e6  # two ranks: each sends the message once
    assert 0.9 * ideal_s < min(found["flat"]["times"]) < 1.6 * ideal_s


def test_nothing_is_left_when_the_body_fails() -> None:
    built: list[Lab] = []

    def fail() -> None:
        with lab(nodes=2) as cluster:
            built.append(cluster)
            assert len(namespaces(cluster.name)) == 3
            raise ValueError

    with pytest.raises(ValueError):
        fail()
    assert namespaces(built[0].name) == []


def test_nothing_is_left_when_a_rank_dies(tmp_path: Path) -> None:
    script = tmp_path / "die.py"
    script.write_text("from mpi4py import MPI\nraise RuntimeError('on purpose')\n")
    with lab(nodes=2) as cluster, pytest.raises(RuntimeError, match="on purpose"):
        cluster.run([str(script)], ranks_per_node=1)
    assert namespaces(cluster.name) == []


def test_a_lab_can_be_set_up_again_and_taken_down_twice() -> None:
    with lab(nodes=2) as cluster:
        environment = {**os.environ, "TENBIN_LAB": cluster.name}
        for script in ("up.sh", "down.sh", "down.sh", "up.sh"):
            subprocess.run([str(HERE / script), "2"], env=environment, check=True)
    assert namespaces(cluster.name) == []


def test_two_labs_stand_side_by_side() -> None:
    with lab(nodes=1) as one, lab(nodes=1) as other:
        assert one.name != other.name
        assert len(one.sent_bytes()) == len(other.sent_bytes()) == 1


def test_sent_bytes_are_read_from_the_table_of_devices() -> None:
    table = "  lo: 1 2 0 0 0 0 0 0 7 4\n  eth0: 10 2 0 0 0 0 0 0 99 4 0 0\n"
    assert sent_bytes(table) == 99
    assert sys.platform.startswith("linux")
