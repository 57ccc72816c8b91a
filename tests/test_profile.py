"""Profiles are strict, come in layers, and say where each value came from."""

from pathlib import Path

import pytest

from tenbin.errors import UsageError
from tenbin.jobs import profile
from tenbin.jobs.duration import parse_duration
from tenbin.jobs.queues import Queue, choose_queue
from tenbin.jobs.render import fill, on_machine
from tenbin.jobs.schedulers.contract import Needs

MACHINES = sorted(path.stem for path in profile.MACHINES.glob("*.toml"))


@pytest.fixture
def layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    folders = {}
    for name in ("site", "user"):
        base = tmp_path / name
        (base / "machines").mkdir(parents=True)
        function = f"tenbin.jobs.profile.platformdirs.{name}_config_dir"
        monkeypatch.setattr(function, lambda app, base=base: str(base))
        folders[name] = base / "machines"
    return folders


@pytest.mark.parametrize("machine", MACHINES)
def test_every_machine_is_complete(machine: str) -> None:
    found = profile.load(machine).profile
    assert found.name == machine
    assert found.summary
    assert found.node.cores >= found.node.ranks_per_node
    assert found.mpiexec or found.scheduler == "local"


def test_later_layers_win_key_by_key(layers: dict[str, Path], tmp_path: Path) -> None:
    (layers["site"] / "generic-slurm.toml").write_text("[node]\ncores = 64\ngpus = 2\n")
    (layers["user"] / "generic-slurm.toml").write_text(
        'account = "me"\nnode.gpus = 1\n'
    )
    own = tmp_path / "own.toml"
    own.write_text('base = "generic-slurm"\nname = "own"\nqueue = "fast"\n')

    loaded = profile.load(str(own), ["node.ranks_per_node=8"])

    node = loaded.profile.node
    assert (node.cores, node.gpus, node.ranks_per_node) == (64, 1, 8)
    assert (loaded.profile.account, loaded.profile.queue) == ("me", "fast")
    assert loaded.origin["scheduler"] == "tenbin: generic-slurm.toml"
    assert loaded.origin["node.cores"] == str(layers["site"] / "generic-slurm.toml")
    assert loaded.origin["node.gpus"] == str(layers["user"] / "generic-slurm.toml")
    assert loaded.origin["queue"] == str(own)
    assert loaded.origin["node.ranks_per_node"] == "node.ranks_per_node=8"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scheduler = 1", "scheduler: expected str"),
        ('scheduler = "lsf"', "scheduler: no scheduler lsf; choose from pjm"),
        ("nodes.cores = 1", "unknown key nodes; choose from name"),
        ("node.core = 1", "node: unknown key core; choose from cores"),
        ("node.cores = 0", "node.cores: expected a positive number"),
        ('node.memory = "much"', "node.memory: not a size"),
        ('[[queues]]\nname = "q"\nmax_walltime = "1:30"', "queues.0.max_walltime"),
        ("a = ", "not TOML"),
    ],
)
def test_names_file_key_and_choices(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f'base = "generic-slurm"\n{text}\n')
    with pytest.raises(UsageError) as caught:
        profile.load(str(path))
    assert message in str(caught.value)
    assert "own.toml" in str(caught.value)


def test_lists_the_machines_for_a_wrong_name() -> None:
    with pytest.raises(
        UsageError, match=r"no machine tsubame; choose from abci3, fugaku"
    ):
        profile.load("tsubame")


def test_refuses_bases_in_a_circle(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f'base = "{path}"\n')
    with pytest.raises(UsageError, match="circle"):
        profile.load(str(path))


@pytest.mark.parametrize(
    ("machine", "nodes", "queue"),
    [
        ("fugaku", 384, "small"),
        ("fugaku", 385, "large"),
        ("miyabi", 4, "debug-g"),
        ("miyabi", 17, "regular-g"),
    ],
)
def test_a_ladder_crosses_queues(machine: str, nodes: int, queue: str) -> None:
    assert profile.load(machine).profile.choose_queue(nodes, 1200) == queue


def test_tells_the_limits_where_no_queue_takes_a_job() -> None:
    with pytest.raises(UsageError, match=r"129 nodes .* rt_HF takes 1 to 128 nodes"):
        profile.load("abci3").profile.choose_queue(129, 600)


def test_believes_a_queue_it_does_not_know() -> None:
    assert choose_queue([Queue("a", max_nodes=1)], 9, 60, "b") == "b"


@pytest.mark.parametrize("machine", MACHINES)
def test_asks_for_the_account_a_machine_charges(machine: str) -> None:
    found = profile.load(machine).profile
    if not found.needs_account:
        pytest.skip(f"{machine} needs no account")
    with pytest.raises(UsageError, match=r"give --account"):
        on_machine(found, Needs(name="x", nodes=1, ranks_per_node=1))


def test_a_line_without_its_word_goes_away() -> None:
    needs = Needs(name="x", nodes=2, ranks_per_node=4)
    assert fill("-P {account}", needs) == ""
    assert fill("-pe mpi {ranks}", needs) == "-pe mpi 8"
    with pytest.raises(UsageError, match=r"no {slots}; there are nodes, ranks"):
        fill("-pe mpi {slots}", needs)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1h30m", 5400), ("90m", 5400), ("5400", 5400), (5400, 5400), ("1:30:00", 5400),
     ("1-12:00:00", 129600), ("1.5h", 5400), ("2d", 172800)],
)  # fmt: skip
def test_reads_wall_times(text: str | int, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["1:30", "", "0", "-5", "1h30", "soon", "1e9", "٣"])
def test_refuses_wall_times_that_mean_two_things(text: str) -> None:
    with pytest.raises(UsageError, match="not a wall time"):
        parse_duration(text)
