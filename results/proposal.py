"""The scaling section of a proposal: a paragraph, a table, a figure, from the data.

scaling.md      words and table        scaling.tex    the table alone
strong.png .pdf, weak.png .pdf         the curves, as far as there are any
model.png .pdf                         fit and extrapolation
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tenbin.errors import NoDataError
from tenbin.results import facts, fits, scaling, scaling_text, table
from tenbin.results.figures import ladder, model_fit, strong_scaling, weak_scaling
from tenbin.results.figures.save import save
from tenbin.results.figures.series import mark_shown
from tenbin.results.model import FARTHEST
from tenbin.results.store import Run
from tenbin.results.text_table import latex_table, markdown_table, markdown_text

SCALINGS = {"strong": scaling.strong, "weak": scaling.weak}
FIGURES: dict[str, Any] = {"strong": strong_scaling, "weak": weak_scaling}
CAPTION = (
    "Times are medians over launches; efficiency is relative to the reference of its "
    "ladder, with 95 % bootstrap intervals over launches."
)


@dataclass(frozen=True, eq=False)
class Scaled:
    """All ladders of some runs: their points, and what was fitted to each."""

    launches: pd.DataFrame
    gains: dict[str, pd.DataFrame]
    fitted: list[fits.Fitted]
    machines: list[str]

    @property
    def points(self) -> pd.DataFrame:
        """Return the points of all ladders."""
        return pd.concat([*self.gains.values()], ignore_index=True)


def scale(
    runs: Sequence[Run], baseline: int | None = None, force: bool = False
) -> Scaled:
    """Return the ladders of the runs; raise NoDataError where there is none."""
    launches = table.launches(runs)
    gains = {
        name: points
        for name, of in SCALINGS.items()
        if (launches["scaling"] == name).any()
        and len(points := of(launches, force, baseline))
    }
    if not gains:
        raise NoDataError("no ladder here: no record has scaling strong or weak")
    fitted = [fits.fit(own) for part in gains.values() for own in fits.ladders(part)]
    machines = {
        facts.machine_name(run.info.machine): facts.description(run.info.machine)
        for run in runs
    }
    told = [f"{name} ({what})" if what else name for name, what in machines.items()]
    return Scaled(launches, gains, fitted, sorted(told))


def write(folder: Path, scaled: Scaled, ranks: float | None = None) -> list[Path]:
    """Write the section into a folder; return the paths, in the order of use.

    `ranks` is how far the model is extrapolated.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text, tex = folder / "scaling.md", folder / "scaling.tex"
    drawn = _figures(folder, scaled)
    text.write_text(_markdown(scaled, drawn, ranks), encoding="utf-8")
    lines = scaling_text.cells(scaled.points)
    caption = f"Scaling on {'; '.join(scaled.machines)}. {CAPTION}"
    label = "tab:scaling"
    rows = latex_table(scaling_text.TITLES, lines, caption, label)
    tex.write_text(rows, encoding="utf-8")
    return [text, tex, *drawn]


def _markdown(scaled: Scaled, drawn: Sequence[Path], ranks: float | None) -> str:
    parts = ["## Scaling", ""]
    where = f"Measured on {'; '.join(scaled.machines)}."
    for one in scaled.fitted:
        sentences = scaling_text.paragraph(one, ranks)
        parts += [markdown_text(" ".join([where, *sentences]), longest=10_000), ""]
    lines = scaling_text.cells(scaled.points)
    parts += [markdown_table(scaling_text.TITLES, lines), CAPTION, ""]
    parts += [f"![{path.stem}]({path.name})" for path in drawn if path.suffix == ".png"]
    return "\n".join([*parts, ""])


def _figures(folder: Path, scaled: Scaled) -> list[Path]:
    """Draw each kind once per machine, kernel and dtype, numbered where several."""
    written: list[Path] = []
    for name, points in scaled.gains.items():
        groups = [part for _, part in points.groupby(list(ladder.BY))]
        for number, part in enumerate(groups, start=1):
            stem = name if len(groups) == 1 else f"{name}-{number}"
            marked = mark_shown(part, ladder.SERIES)
            written += _both(getattr(FIGURES[name], f"{name}_scaling")(marked),
                             folder / stem)  # fmt: skip
            modelled = model_fit.with_curves(marked)
            if modelled["modelled"].any():
                end = stem.removeprefix(name)
                path = folder / f"model-{name}{end}"
                written += _both(model_fit.model_fit(modelled), path)
    return written


def _both(figure: Any, path: Path) -> list[Path]:
    paths = [path.with_name(f"{path.name}{kind}") for kind in (".png", ".pdf")]
    for one in paths:
        save(figure, one)
    return paths


def farthest(scaled: Scaled) -> float:
    """Return the largest rank count that any model may be asked about."""
    ends = [max(one.model.ranks) for one in scaled.fitted if one.model is not None]
    return max(ends, default=math.inf) * FARTHEST
