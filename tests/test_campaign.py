"""A campaign knows its points, its jobs and its cost, and refuses what it cannot do."""

import contextlib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenbin.errors import NoDataError, UsageError
from tenbin.expand import expand
from tenbin.jobs import layout
from tenbin.jobs.campaign import create, load, on_ladder, parse_nodes
from tenbin.jobs.cost import both_ways, node_hours, price
from tenbin.jobs.ladder import Point, fingerprint, point_study, spell_out
from tenbin.jobs.plan import first_attempts, sums
from tenbin.jobs.profile import Cost, Profile
from tenbin.study import find_study, load_study
from tests.campaigns import create_campaign, tenbin, write_study


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("1,2,4", (1, 2, 4)),
        ("1:8", (1, 2, 4, 8)),
        ("4,1", (1, 4)),
        ("3:20", (3, 6, 12)),
    ],
)
def test_node_counts_are_lists_and_doublings(
    text: str, counts: tuple[int, ...]
) -> None:
    assert parse_nodes(text) == counts


@given(st.text(max_size=20))
def test_node_counts_are_positive_or_refused(text: str) -> None:
    with contextlib.suppress(UsageError):
        counts = parse_nodes(text)

        assert counts
        assert counts[0] > 0
        assert list(counts) == sorted(set(counts))


def test_the_ranks_of_the_ladder_replace_those_of_the_study() -> None:
    study = on_ladder(load_study(find_study("quick")), [1, 2, 4], 2)

    ranks = {case.ranks for case in expand(study).cases}

    assert ranks == {2, 4, 8}
    assert {case.ranks_per_node for case in expand(study).cases} == {2}


def test_a_split_ladder_has_a_job_for_each_node_count() -> None:
    ladder = spell_out(create_campaign([1, 2, 4], launches=2))

    assert [job.key for job in ladder.jobs] == ["n1", "n2", "n4"]
    assert [job.nodes for job in ladder.jobs] == [1, 2, 4]
    assert ladder.jobs[2].points == (Point(4, 0), Point(4, 1))


def test_a_packed_ladder_takes_turns_in_rounds() -> None:
    ladder = spell_out(create_campaign([1, 2, 4], launches=2, packed=True))

    (job,) = ladder.jobs
    assert job.nodes == 4
    assert [point.key for point in job.points] == [
        "n1.0", "n2.0", "n4.0", "n1.1", "n2.1", "n4.1",
    ]  # fmt: skip


def test_every_point_has_a_fingerprint_of_its_own() -> None:
    campaign = create_campaign([1, 2], launches=3)
    points = spell_out(campaign).points

    assert len({fingerprint(campaign, point) for point in points}) == 6
    assert fingerprint(campaign, Point(2, 1)) == fingerprint(campaign, Point(2, 1))


def test_launches_of_a_point_differ_in_order_and_data_only() -> None:
    campaign = create_campaign([2], launches=2)

    first, second = (point_study(campaign, Point(2, n)) for n in range(2))

    assert first.measure.seed != second.measure.seed
    assert first.bench == second.bench
    assert first.launch == second.launch


def test_points_share_no_checkpoints() -> None:
    campaign = create_campaign([1, 2], launches=2)
    files = msgspec.structs.replace(campaign.study.files, checkpoints="kept")
    study = msgspec.structs.replace(campaign.study, files=files)
    campaign = msgspec.structs.replace(campaign, study=study)

    points = spell_out(campaign).points
    folders = {point_study(campaign, p).files.checkpoints for p in points}

    assert folders == {"kept/n1.0", "kept/n1.1", "kept/n2.0", "kept/n2.1"}


def test_a_campaign_is_found_again_from_its_folder(tmp_path: Path) -> None:
    campaign = create(tmp_path / "c", create_campaign(name='größe "x" $y'))

    assert load(tmp_path / "c") == campaign
    assert create(tmp_path / "c", create_campaign(name='größe "x" $y')) == campaign


def test_the_folder_of_another_campaign_is_refused(tmp_path: Path) -> None:
    create(tmp_path / "c", create_campaign([1]))

    with pytest.raises(UsageError, match="another campaign"):
        create(tmp_path / "c", create_campaign([1, 2]))


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")

    with pytest.raises(UsageError, match="neither empty nor a campaign"):
        create(tmp_path, create_campaign())


@pytest.mark.parametrize(
    "name", ["a\nb", "a\tb", "a\x1bb", "x" * 200 + "/" + "y" * 900]
)
def test_a_path_no_script_can_hold_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="printable path"):
        create(tmp_path / name, create_campaign())

    assert not list(tmp_path.iterdir())


def test_a_newer_campaign_is_refused_and_a_damaged_one_named(tmp_path: Path) -> None:
    path = tmp_path / layout.CAMPAIGN
    with pytest.raises(NoDataError, match=layout.CAMPAIGN):
        load(tmp_path)
    create(tmp_path / "c", create_campaign())
    text = (tmp_path / "c" / layout.CAMPAIGN).read_text()
    path.write_text(text.replace('"schema": 1', '"schema": 99'))
    with pytest.raises(UsageError, match="schema 99"):
        load(tmp_path)
    path.write_text(text[:100])
    with pytest.raises(UsageError, match=layout.CAMPAIGN):
        load(tmp_path)


def test_cost_counts_nodes_times_wall_time() -> None:
    ladder = spell_out(create_campaign([1, 2, 4], walltime_s=1800))

    assert node_hours(price(ladder, job) for job in ladder.jobs) == 3.5


def test_packed_costs_the_most_nodes_all_the_time() -> None:
    split, packed = both_ways(spell_out(create_campaign([1, 2, 4])))

    assert packed == pytest.approx(split * 12 / 7)


def test_cost_speaks_the_unit_of_the_machine() -> None:
    machine = Profile(
        name="m", scheduler="slurm", cost=Cost(unit="points", per_node_hour=0.5)
    )
    ladder = spell_out(create_campaign([2], machine=machine, walltime_s=3600))

    assert "2.00 node-hours = 1.00 points" in sums(ladder, first_attempts(ladder))[0]


def test_plan_shows_jobs_and_cost_and_writes_nothing(tmp_path: Path) -> None:
    write_study(tmp_path / "s.toml")

    shown = tenbin(
        "plan", "s.toml", "--machine", "local", "--nodes", "1:4", folder=tmp_path
    )

    assert shown.returncode == 0, shown.stderr
    assert [line.split()[0] for line in shown.stdout.splitlines()] == [
        "job", "n1", "n2", "n4",
    ]  # fmt: skip
    assert "node-hours" in shown.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["s.toml"]


def test_script_prints_what_would_be_submitted(tmp_path: Path) -> None:
    write_study(tmp_path / "s.toml")

    shown = tenbin(
        "submit", "s.toml", "--machine", "generic-slurm", "--nodes", "1,2",
        "--script", "--queue", "short", folder=tmp_path,
    )  # fmt: skip

    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.count("#!/bin/bash") == 2
    assert "#SBATCH --partition=short" in shown.stdout
    assert "campaigns/s-generic-slurm/jobs/n2/1/n2.0.json" in shown.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["s.toml"]


def test_an_expensive_campaign_asks_before_anything_exists(tmp_path: Path) -> None:
    write_study(tmp_path / "s.toml")
    asked = ("s.toml", "--machine", "local", "--nodes", "1,2", "--time", "10h")

    shown = tenbin("submit", *asked, folder=tmp_path, answer="n\n")

    assert shown.returncode == 130
    assert "30.00 node-hours" in shown.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["s.toml"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["s.toml"], "--machine and --nodes"),
        (["s.toml", "--machine", "local", "--nodes", "0"], "--nodes"),
        (["s.toml", "--machine", "nowhere", "--nodes", "1"], "no machine nowhere"),
        (["absent.toml", "--machine", "local", "--nodes", "1"], "no study file"),
        (
            ["s.toml", "--machine", "local", "--nodes", "1", "--time", "1:30"],
            "wall time",
        ),
    ],
)
def test_bad_options_are_one_clear_line(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    write_study(tmp_path / "s.toml")

    shown = tenbin("plan", *arguments, folder=tmp_path)

    assert shown.returncode == 2
    assert words in shown.stderr
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize("verb", ["status", "wait", "cancel", "resume", "collect"])
def test_a_verb_without_its_campaign_lists_those_that_are_here(
    tmp_path: Path, verb: str
) -> None:
    create(tmp_path / "campaigns" / "this-local", create_campaign())

    shown = tenbin(verb, "that", folder=tmp_path)

    assert shown.returncode == 2
    assert "campaigns/this-local" in shown.stderr
