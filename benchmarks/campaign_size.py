"""What large campaigns cost their user: `plan` for many points, `status` for many jobs.

Exits 1 where planning takes longer than its bar, or status longer than its own beyond
one query of the scheduler.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tenbin.decode import decode
from tenbin.jobs import layout
from tenbin.jobs.campaign import Campaign, create, on_ladder
from tenbin.jobs.ladder import Job, Ladder, Point, point_study, spell_out
from tenbin.jobs.plan import first_attempts, rows, sums
from tenbin.jobs.profile import Node, Profile
from tenbin.jobs.schedulers.contract import Scheduler, Seen
from tenbin.jobs.status import status
from tenbin.jobs.submit import Submitted
from tenbin.record import Record, RunInfo, SampleRow, describe, utc_now
from tenbin.results import store
from tenbin.study import Study

PLAN_BAR_S, STATUS_BAR_S = 3.0, 2.0
STUDY = {
    "name": "large",
    "bench": [{"kernel": "gemm", "m": [256, 512, 1024], "n": 256, "k": 256}],
}


def campaign(nodes: int, launches: int) -> Campaign:
    """Return a campaign on 1, 2, ... nodes of a machine nobody has."""
    ladder = on_ladder(decode(STUDY, Study), range(1, nodes + 1), 1, launches)
    return Campaign(
        created=utc_now(),
        machine=Profile(name="nowhere", scheduler="slurm", node=Node(cores=1)),
        nodes=tuple(range(1, nodes + 1)),
        ranks_per_node=1,
        study=ladder,
    )


def plan_s(nodes: int, launches: int) -> tuple[int, float]:
    """Return the number of points and the time it takes to plan them."""
    asked = campaign(nodes, launches)
    began = time.perf_counter()
    ladder = spell_out(asked)
    attempts = first_attempts(ladder)
    rows(ladder, attempts)
    sums(ladder, attempts)
    return len(ladder.points), time.perf_counter() - began


def half_done(root: Path, ladder: Ladder) -> None:
    """Leave a campaign as it is in the middle: all queued, every other job ran."""
    info = RunInfo(
        run_id="large", name="large", created=utc_now(), command=[], fingerprint="",
        study={}, machine={}, tenbin="0",
    )  # fmt: skip
    for number, job in enumerate(ladder.jobs):
        attempt = layout.job_folder(root, job.key) / "1"
        attempt.mkdir(parents=True)
        (attempt / layout.SUBMITTED).write_bytes(
            msgspec.json.encode(Submitted(str(number), time.time()))
        )
        if number % 2:
            continue
        now_s = time.time()
        (attempt / "started.json").write_text(f'{{"time_s": {now_s}}}')
        for point in job.points:
            _measured(ladder, job, point, attempt / point.key, info)


def _measured(
    ladder: Ladder, job: Job, point: Point, folder: Path, info: RunInfo
) -> None:
    folder.mkdir()
    own = msgspec.to_builtins(point_study(ladder.campaign, point))
    facts = msgspec.structs.replace(info, study=own)
    (folder / store.INFO).write_bytes(msgspec.json.encode(facts))
    ranks, repetitions = min(job.nodes, 8), 100
    samples = SampleRow(
        entry_ns=[[0] * ranks] * repetitions,
        exit_ns=[[1_000_000] * ranks] * repetitions,
        cpu_ns=[1_000_000] * repetitions,
        late=[],
        warmup_ns=[2_000_000] * 5,
        start="barrier",
        residual_ns=100,
        stop="precision",
    )
    with (folder / store.RECORDS).open("wb") as file:
        for case in ladder.cases[point.nodes]:
            known = describe(case, "large", 0)
            record = Record(**known, status="ok", samples=samples, started=utc_now())
            file.write(msgspec.json.encode(record) + b"\n")


def counting(queries: list[int]) -> Scheduler:
    """Return a scheduler that answers at once and notes what it was asked."""

    def query(ids: Sequence[str]) -> dict[str, Seen]:
        queries.append(len(ids))
        return {job: Seen("pending" if int(job) % 2 else "running") for job in ids}

    return Scheduler(
        name="counting",
        directives=lambda needs: [],
        submit=lambda script: "0",
        query=query,
        account=lambda ids: {},
        cancel=lambda ids: None,
        detect=lambda: "",
        variables={},
    )


def status_s(jobs: int, rounds: int) -> tuple[list[int], float]:
    """Return the queries of one status of a campaign of `jobs`, and its median time."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "large"
        ladder = spell_out(create(root, campaign(jobs, 1)))
        half_done(root, ladder)
        times = []
        for _ in range(rounds):
            queries: list[int] = []
            began = time.perf_counter()
            status(root, ladder, counting(queries))
            times.append(time.perf_counter() - began)
    return queries, sorted(times)[len(times) // 2]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=100, help="node counts to plan")
    parser.add_argument("--launches", type=int, default=100, help="of each of them")
    parser.add_argument("--jobs", type=int, default=1000, help="jobs to look at")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args(arguments)

    points, planned_s = plan_s(asked.nodes, asked.launches)
    print(f"plan {points} points: {planned_s:.2f} s, bar {PLAN_BAR_S:g} s")
    queries, looked_s = status_s(asked.jobs, asked.rounds)
    print(
        f"status of {asked.jobs} jobs: {looked_s:.2f} s beyond {len(queries)} query, "
        f"median of {asked.rounds}, bar {STATUS_BAR_S:g} s"
    )
    beyond = planned_s > PLAN_BAR_S or looked_s > STATUS_BAR_S or len(queries) != 1
    return int(beyond)


if __name__ == "__main__":
    sys.exit(main())
