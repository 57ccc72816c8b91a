"""A study of one kernel, made from options and weighed at once.

    weigh_here              on the ranks that are here: this process, or mpiexec's
    weigh_with_own_ranks    on ranks that the runner starts

Both yield (case, record) as they come, in the order of the sweep.
"""

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tenbin.case import Case
from tenbin.decode import decode
from tenbin.expand import Expansion
from tenbin.kernel import Kernel
from tenbin.record import Record
from tenbin.results import store
from tenbin.study import Study

SHARED = ("preset", "variant", "dtype", "scaling")
FILES = ("data_dir", "checkpoints")
_TRUTHS = {"true": True, "false": False}
_FRACTION = re.compile(r"[0-9]*\.[0-9]+|[0-9]+(\.[0-9]*)?e-?[0-9]+")


def make_study(kernel: Kernel, given: Mapping[str, Any], ranks: int) -> Study:
    """Return the study that the options ask for; raise UsageError with the key."""
    table: dict[str, Any] = {"kernel": kernel.name}
    for key in (*SHARED, *kernel.axes.__struct_fields__):
        if given.get(key):
            table[key] = _values(given[key])
    if table.keys() <= {"kernel", *SHARED[1:]}:  # no problem named
        table["preset"] = next(iter(kernel.presets))
    launch = {"ranks": ranks, "launches": given["launches"]}
    for key, option in (
        ("ranks_per_node", "ranks_per_node"),
        ("threads_per_rank", "threads"),
    ):
        if given[option]:
            launch[key] = given[option]
    measure = {
        "budget_s": given["budget"],
        "precision": given["precision"],
        "start": given["start"] or "auto",
        "hot": given["hot"],
    }
    files = {key: str(given[key]) for key in FILES if given.get(key)}
    tree = {
        "name": "bench",
        "launch": launch,
        "measure": measure,
        "files": files,
        "bench": [table],
    }
    return decode(tree, Study)


def _values(text: str) -> Any:
    """Return `"16,0.5,yes"` as an integer, a fraction and a word.

    Pairs belong together, `;` stands between several: `"a=1, b=2; a=3"` is two values.
    """
    if "=" in text:
        return [pairs.strip() for pairs in text.split(";")]
    return [_value(word.strip()) for word in text.split(",")]


def _value(word: str) -> int | float | bool | str:
    if word.isdigit():
        return int(word)
    if word in _TRUTHS:
        return _TRUTHS[word]
    return float(word) if _FRACTION.fullmatch(word) else word


def weigh_here(
    study: Study, expansion: Expansion, kernel: Kernel, topology: Any, out: Path | None
) -> Iterator[tuple[Case, Record]]:
    """Weigh every case on the ranks of `topology`; all of them iterate together."""
    from tenbin.clock import synchronise
    from tenbin.runner import open_run
    from tenbin.weigh import Setting, weigh

    with ExitStack() as stack:
        run_id, writer = "bench", None
        if out is not None and topology.rank == 0:
            run_id = open_run(out, study).run_id
            writer = stack.enter_context(store.open_writer(out))
        clock = synchronise(topology.world)
        for case in expansion.cases:
            clock = synchronise(topology.world, clock)  # clocks of nodes drift apart
            setting = Setting(run_id, 0, study.rule, study.options, clock)
            record = weigh(case, kernel, topology, setting)
            if writer is not None:
                writer.append(record)
            yield case, record


def weigh_with_own_ranks(
    study: Study,
    expansion: Expansion,
    out: Path | None,
    report: Callable[[float, int, str], None],
) -> Iterator[tuple[Case, Record]]:
    """Have the runner weigh every case, then yield the records."""
    from tenbin.runner import run_study

    cases = {case.key: case for case in expansion.cases}
    order = {key: number for number, key in enumerate(cases)}
    with tempfile.TemporaryDirectory(prefix="tenbin-") as scratch:
        folder = out or Path(scratch)
        run_study(study, expansion, folder, report)
        (run,) = store.load([folder])
        records = sorted(run.records, key=lambda r: (order[r.case], r.launch))
    for record in records:
        yield cases[record.case], record
