"""Campaigns for tests: small studies, a scheduler of their own, the verbs as called."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tenbin.decode import decode
from tenbin.jobs.campaign import Campaign, create, on_ladder
from tenbin.jobs.ladder import Ladder, Point, point_study, spell_out
from tenbin.jobs.profile import Profile, load
from tenbin.jobs.resume import again, fresh, parse_states
from tenbin.jobs.schedulers.contract import Needs, Scheduler, SchedulerError, Seen
from tenbin.jobs.status import JobStatus, status
from tenbin.jobs.submit import submit_all
from tenbin.record import utc_now
from tenbin.results import store
from tenbin.study import Study
from tests.builders import create_info, create_record, create_run

FAULTY = Path(__file__).with_name("faulty.py")
VERBS = "plan submit status wait cancel resume collect"
MAIN = (
    "import sys; from tenbin import cli\n"
    f"for verb in {VERBS!r}.split(): cli.VERBS.setdefault(verb, '')\n"
    "cli.main(sys.argv[1:])"
)


def create_campaign(
    nodes: Sequence[int] = (1, 2),
    launches: int = 1,
    machine: Profile | None = None,
    **overrides: Any,
) -> Campaign:
    """Return a campaign of the well-behaved part of the faulty kernel."""
    tree = {
        "name": overrides.pop("name", "small"),
        "kernels": {"faulty": str(FAULTY)},
        "measure": {"budget_s": 0.02, "min_repetitions": 3, "timeout_s": 20.0},
        "bench": [{"kernel": "faulty", "variant": ["fine"], "steps": [1, 2]}],
    }
    fields: dict[str, Any] = {
        "created": utc_now(),
        "machine": machine or load("local").profile,
        "nodes": tuple(nodes),
        "ranks_per_node": 1,
        "study": on_ladder(decode(tree, Study), nodes, 1, launches),
    }
    return Campaign(**fields | overrides)


def write_study(path: Path, **keys: str) -> Path:
    """Write a study file of the faulty kernel; `launch` and `bench` add lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"[kernels]\nfaulty = {str(FAULTY)!r}\n"
        f"[launch]\nlaunches = 1\n{keys.get('launch', '')}\n"
        "[measure]\nbudget_s = 0.02\nmin_repetitions = 3\ntimeout_s = 20.0\n"
        f"{keys.get('measure', '')}\n"
        "[[bench]]\nkernel = 'faulty'\nvariant = ['fine']\n"
        f"steps = {keys.get('steps', '[1, 2]')}\n"
    )
    return path


def leave_results(
    folder: Path, ladder: Ladder, point: Point, cases: slice = slice(None)
) -> None:
    """Write what a job leaves of a point in its run folder: valid records."""
    study = point_study(ladder.campaign, point)
    records = [
        create_record(
            case=case.key, kernel=case.kernel, variant=case.variant,
            dtype=case.dtype, ranks=case.ranks, ranks_per_node=1,
            label=case.problem.label, problem={}, flops=1, bytes=None,
        )
        for case in ladder.cases[point.nodes][cases]
    ]  # fmt: skip
    create_run(folder, records, study=msgspec.to_builtins(study))
    assert create_info().run_id == store.read_info(folder).run_id


@dataclass
class Desk:
    """A scheduler in memory: what it was asked, and what it answers."""

    submitted: list[Path] = field(default_factory=list)
    queries: list[list[str]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    answers: dict[str, Seen] = field(default_factory=dict)
    refuse: SchedulerError | None = None

    def submit(self, script: Path) -> str:
        if self.refuse is not None:
            raise self.refuse
        self.submitted.append(script)
        return str(100 + len(self.submitted))

    def query(self, ids: Sequence[str]) -> dict[str, Seen]:
        self.queries.append(list(ids))
        return {job: self.answers[job] for job in ids if job in self.answers}

    def directives(self, needs: Needs) -> list[str]:
        return [f"#DESK --name={needs.name}"]

    @property
    def scheduler(self) -> Scheduler:
        return Scheduler(
            name="slurm",
            directives=self.directives,
            submit=self.submit,
            query=self.query,
            account=lambda ids: {},
            cancel=self.cancelled.extend,
            detect=lambda: "",
            variables={},
        )


def start(root: Path, nodes: tuple[int, ...] = (1, 2), launches: int = 1) -> Ladder:
    return spell_out(create(root, create_campaign(nodes, launches)))


def submit(root: Path, ladder: Ladder, desk: Desk) -> dict[str, str]:
    wanted = fresh(ladder, status(root, ladder, desk.scheduler))
    return dict(submit_all(root, ladder.campaign, desk.scheduler, wanted))


def resume(root: Path, ladder: Ladder, desk: Desk, states: str = "") -> list[str]:
    found = status(root, ladder, desk.scheduler)
    wanted = again(ladder, found, parse_states(states))
    return list(dict(submit_all(root, ladder.campaign, desk.scheduler, wanted)))


def ended(attempt: Path, code: int = 0, signal: str = "") -> None:
    (attempt / "started.json").write_text(f'{{"time_s": {time.time() - 5}}}')
    (attempt / "finished.json").write_text(
        f'{{"time_s": {time.time()}, "exit_code": {code}, "signal": "{signal}"}}'
    )


def look(root: Path, ladder: Ladder, desk: Desk) -> dict[str, JobStatus]:
    return {job.look.job.key: job for job in status(root, ladder, desk.scheduler)}


def tenbin(
    *arguments: str, folder: Path, timeout_s: float = 120.0, answer: str = ""
) -> subprocess.CompletedProcess[str]:
    """Call a verb as a user does, in `folder`, from a fresh process."""
    lock = str(folder / "turn.lock")
    return subprocess.run(
        [sys.executable, "-c", MAIN, *arguments],
        capture_output=True,
        text=True,
        input=answer,
        cwd=folder,
        timeout=timeout_s,
        env={**os.environ, "TENBIN_LOCAL_LOCK": lock},
        check=False,
    )
