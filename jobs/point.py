"""Run one point of a campaign: what a job script calls, for each of its points.

    python -m tenbin.jobs.point CAMPAIGN/jobs/n4/1/n4.0.json

Cases that an earlier attempt has measured are left out; run again on the same file,
as after a requeue, it goes on where it stopped. The exit code is 1 where a case failed.
"""

import sys
from pathlib import Path

import msgspec

from tenbin.errors import TenbinError, UsageError
from tenbin.jobs import layout
from tenbin.jobs.campaign import Campaign, load
from tenbin.jobs.environment import launcher_variable
from tenbin.jobs.harvest import Cases, cases_path, valid_cases
from tenbin.jobs.ladder import Point, missing, point_study, spell_out
from tenbin.results import store
from tenbin.runner import run_study


class Order(msgspec.Struct, frozen=True):
    """What is asked of one point, as a file beside its run folder."""

    nodes: int
    launch: int


def order_path(attempt: Path, point: Point) -> Path:
    """Return where the order of a point lies."""
    return attempt / f"{point.key}.json"


def run_point(path: Path) -> int:
    """Run what the order asks for and return the number of cases that failed."""
    variable = launcher_variable()
    if variable:
        raise UsageError(f"a point starts its own ranks, but {variable} is set")
    order = layout.require(path, Order)
    point = Point(order.nodes, order.launch)
    root, job = path.resolve().parents[3], path.resolve().parents[1].name
    campaign = load(root)
    study = point_study(campaign, point)
    earlier = valid_cases(layout.attempts(root, job), point, study)
    return _run(campaign, point, earlier, path.with_suffix(""))


def _run(campaign: Campaign, point: Point, earlier: set[str], out: Path) -> int:
    ladder = spell_out(campaign, here=True)
    cases = ladder.cases.get(point.nodes, ())
    ranks = point.nodes * campaign.ranks_per_node
    declined = {case.key: why for case, why in ladder.declined if case.ranks == ranks}
    said = Cases([case.key for case in cases], declined)
    layout.write(cases_path(out.parent, point), said)
    here = set()
    if (out / store.INFO).exists():
        here = {case for case, _ in store.valid_points(store.read_run(out))}
    rest = missing(cases, earlier - here)
    run_study(point_study(campaign, point), rest, out, _say)
    wanted = {case.key for case in rest.cases}
    bad = [record for record in store.read_run(out).records if not record.valid]
    for record in bad:
        print(f"{record.status.upper()} {record.case}: {record.reason}", flush=True)
    return len([record for record in bad if record.case in wanted])


_said = {"case": ""}


def _say(number: float, total: int, case: str) -> None:
    """Print each case and how far it came."""
    if case and case != _said["case"]:
        _said["case"] = case
        print(f"{int(number) + 1}/{total} {case}", flush=True)


def main(arguments: list[str]) -> int:
    """Run the point of the one argument; errors are one line."""
    try:
        return int(run_point(Path(arguments[0])) > 0)
    except TenbinError as error:
        print(f"tenbin: {error}", file=sys.stderr, flush=True)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
