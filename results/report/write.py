"""Write the report: `report.html`, which needs nothing else, and the data beside it.

    report.html     the page: words, figures, tables, all inline
    figures/        per figure PNG, PDF, CSV, JSON
    cases.csv  launches.csv  scaling.csv      everything the tables are made of

Identical data give identical bytes: no date but those in the data, everything sorted.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from tenbin.errors import NoDataError
from tenbin.results import (
    answers,
    doubt,
    facts,
    layers,
    lint,
    scaling,
    split,
    stragglers,
    subject,
    table,
    writers,
)
from tenbin.results.crossover import crossovers
from tenbin.results.figures import FIGURES, allreduce_ratio
from tenbin.results.figures.captions import listed
from tenbin.results.figures.series import rows
from tenbin.results.ratios import paired
from tenbin.results.report import about, summary
from tenbin.results.report.embed import Embedded, embed, plain
from tenbin.results.report.grid import (
    ANSWERS,
    CASES,
    CROSSOVERS,
    DOUBTS,
    GAINS,
    LAYERS,
    SPLITS,
    WRITERS,
    Column,
    Grid,
    cut,
    grid,
)
from tenbin.results.store import Run

PAGE = "report.html"
Tables = Callable[[pd.DataFrame], Sequence[tuple[str, pd.DataFrame]]]
# what makes titles and tables of launches -> their columns
TABLES: dict[Tables, tuple[Column, ...]] = {
    layers.networks: LAYERS,
    answers.tables: ANSWERS,
    doubt.tables: DOUBTS,
    writers.tables: WRITERS,
    split.tables: SPLITS,
}
MOST_FAILURES, MOST_RUNS = 50, 50
LONGEST_OUTPUT = 2000


@dataclass(frozen=True)
class Family:
    """The figures that stand together, and what is said of those left out."""

    name: str
    figures: list[Embedded]
    left_out: list[str]


def write_report(runs: Sequence[Run], out_dir: Path) -> Path:
    """Write the page and its data into `out_dir`; return the path of the page.

    Raises NoDataError where the runs hold no record.
    """
    runs = sorted(runs, key=lambda run: run.info.run_id)
    launches = table.launches(runs)
    if launches.empty:
        raise NoDataError("nothing to report: the runs hold no record")
    cases = table.cases(launches)
    gains = pd.concat([scaling.strong(launches), scaling.weak(launches)])
    folder = out_dir / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    data = {"cases": cases, "launches": launches, "scaling": gains}
    for name, frame in data.items():
        csv = out_dir / f"{name}.csv"
        plain(frame).to_csv(csv, index=False, lineterminator="\n")
    families = _figures(launches, folder, runs)
    remarks = [one.findings for family in families for one in family.figures]
    page = _render(
        runs=runs,
        name=_name(runs),
        machines=_machines(runs),
        counts=_counts(launches, cases),
        findings=[*summary.sentences(launches, cases, gains), *_stragglers(runs)],
        skipped=[text for run in runs for text in run.skipped.sentences()],
        failures=_failures(launches),
        failed=int((~launches["valid"]).sum()),
        families=families,
        grids=_grids(
            cases,
            gains,
            _crossovers(launches),
            [
                (name, frame, columns)
                for make, columns in TABLES.items()
                for name, frame in make(launches)
            ],
        ),
        environments=about.environments(runs),
        method=[*about.method(launches, runs), ("Twelve rules", _rules(remarks))],
    )
    path = out_dir / PAGE
    path.write_bytes(page.encode(errors="replace"))
    return path


def _name(runs: Sequence[Run]) -> str:
    return cut(listed(list(dict.fromkeys(run.info.name for run in runs))), 80)


def _machines(runs: Sequence[Run]) -> list[tuple[str, str]]:
    """Return name and description of each machine, once."""
    found = {
        facts.machine_name(run.info.machine): facts.description(run.info.machine)
        for run in runs
    }
    return [(cut(name), cut(what)) for name, what in sorted(found.items())]


def _counts(launches: pd.DataFrame, cases: pd.DataFrame) -> list[tuple[str, int, str]]:
    """Return the numbers at the top: label, value, and a class where it matters."""
    by_status = launches["status"].value_counts()
    bad = [
        (label, int(by_status.get(status, 0)), "bad")
        for status, label in (
            ("wrong", "wrong"),
            ("failed", "failed"),
            ("timeout", "timed out"),
        )
    ]
    return [
        ("cases", len(cases), ""),
        ("records", len(launches), ""),
        ("measured", int(launches["valid"].sum()), ""),
        *[(label, count, kind) for label, count, kind in bad if count],
    ]


def _stragglers(runs: Sequence[Run]) -> list[str]:
    records = (record for run in runs for record in run.records)
    return stragglers.sentences(stragglers.stragglers(records))


def _failures(launches: pd.DataFrame) -> list[dict[str, Any]]:
    bad = launches[~launches["valid"]].iloc[:MOST_FAILURES]
    return [
        {
            "case": cut(row.case, 200),
            "launch": row.launch,
            "status": row.status,
            "reason": cut(row.reason, 500),
            "output": row.output[-LONGEST_OUTPUT:],
        }
        for row in rows(bad)
    ]


def _figures(launches: pd.DataFrame, folder: Path, runs: Sequence[Run]) -> list[Family]:
    """Draw of each kind the groups with the most records."""
    families: dict[str, Family] = {}
    infos = subject.run_facts(run.info for run in runs)
    for name, spec in FIGURES.items():
        groups = list(spec.groups(launches))
        chosen = sorted(range(len(groups)), key=lambda i: (-len(groups[i]), i))
        drawn = [
            embed(f"{name}-{place + 1}", spec, groups[place], folder, infos)
            for place in sorted(chosen[: spec.most])
        ]
        if drawn:
            family = families.setdefault(spec.family, Family(spec.family, [], []))
            family.figures.extend(drawn)
        if len(groups) > len(drawn):
            counts = f"{len(drawn)} of {len(groups)}"
            family.left_out.append(f"{spec.title}: {counts} figures are drawn")
    return list(families.values())


def _rules(remarks: list[list[lint.Finding]]) -> str:
    return (
        "Figures are checked against the twelve rules of Hoefler and Belli (2015). "
        + lint.summary(remarks)
    )


def _crossovers(launches: pd.DataFrame) -> pd.DataFrame:
    chosen = launches[allreduce_ratio.has_pair(launches)]
    return crossovers(paired(chosen, allreduce_ratio.BASELINE))


def _grids(
    cases: pd.DataFrame,
    gains: pd.DataFrame,
    crossed: pd.DataFrame,
    told: Sequence[tuple[str, pd.DataFrame, tuple[Column, ...]]],
) -> list[Grid]:
    grids = [
        grid(f"{name.capitalize()} scaling", gains[gains["scaling"] == name], GAINS)
        for name in ("strong", "weak")
    ]
    grids.append(grid("AllReduce: crossover", crossed, CROSSOVERS))
    grids += [grid(cut(name, 80), frame, columns) for name, frame, columns in told]
    for kernel, frame in cases.groupby("kernel"):
        grids.append(grid(f"Cases: {cut(str(kernel), 40)}", frame, CASES))
    return [one for one in grids if one.total]


def _render(**content: Any) -> str:
    files = resources.files("tenbin.results.report")
    css = (files / "report.css").read_text(encoding="utf-8")
    js = (files / "report.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(js.encode()).digest()).decode()
    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    template = environment.from_string(
        (files / "report.html.j2").read_text(encoding="utf-8")
    )
    return template.render(
        **content,
        css=css,
        js=js,
        script_hash=f"sha256-{digest}",
        most_failures=MOST_FAILURES,
        most_runs=MOST_RUNS,
    )
