"""From files of other tools to one run folder, all of it or nothing."""

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from tenbin import __version__
from tenbin.errors import UsageError
from tenbin.record import Record, RunInfo, utc_now
from tenbin.results import store
from tenbin.results.importers import read_output
from tenbin.results.importers.point import Given, Output
from tenbin.results.importers.text import read_text


def import_files(
    paths: Sequence[Path],
    out: Path,
    given: Given,
    name: str = "",
    machine: str = "",
) -> list[Output]:
    """Write the points of all files as the run `out`; return what each file held.

    A point that comes again is another launch of it. `name` is that of the format,
    `machine` that of where it was measured, if the files do not say. Raises UsageError
    where `out` is a run already, UnreadableError for a file; nothing is written then.
    """
    if (out / store.INFO).exists():
        raise UsageError(f"{out}: there is a run already; name another --out")
    texts = [read_text(path) for path in paths]
    outputs = [read_output(text, given, name) for text in texts]
    digests = [hashlib.sha256(text.content.encode()).hexdigest() for text in texts]
    if len(set(digests)) != len(digests):
        twice = next(
            p for p, d in zip(paths, digests, strict=True) if digests.count(d) > 1
        )
        raise UsageError(f"{twice}: the same output twice")
    about = msgspec.json.encode([digests, given, name, machine])
    run_id = f"import-{hashlib.sha256(about).hexdigest()[:12]}"
    records = _numbered([r for output in outputs for r in output.records], run_id)
    out.mkdir(parents=True, exist_ok=True)
    _write_records(out / store.RECORDS, records)
    store.create(out, _info(run_id, paths, digests, outputs, machine, about))
    return outputs


def _numbered(records: Sequence[Record], run_id: str) -> list[Record]:
    """Give each record its run, its case, and a launch of its own."""
    seen: Counter[str] = Counter()
    numbered = []
    for record in records:
        case = _case(record)
        launch = max(record.launch, seen[case])
        seen[case] = launch + 1
        numbered.append(replace(record, run_id=run_id, case=case, launch=launch))
    return numbered


def _case(record: Record) -> str:
    """Return the name of a case as `tenbin.case` forms it; `-` where nobody says."""
    place = f"{record.ranks_per_node}x{record.nodes}"
    if not record.ranks_per_node:
        place = f"{record.ranks}"
    names = (record.kernel, record.variant, record.dtype, record.label, record.scaling)
    return "/".join(name or "-" for name in (*names, place))


def _write_records(path: Path, records: Sequence[Record]) -> None:
    fresh = path.with_suffix(f".new{os.getpid()}")
    encode = msgspec.json.Encoder().encode
    with fresh.open("wb") as file:
        file.writelines(encode(record) + b"\n" for record in records)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _info(
    run_id: str,
    paths: Sequence[Path],
    digests: Sequence[str],
    outputs: Sequence[Output],
    machine: str,
    about: bytes,
) -> RunInfo:
    sources: list[dict[str, Any]] = [
        {
            "file": path.name,
            "sha256": digest,
            "tool": output.tool,
            "version": output.version,
            "machine": output.machine,
        }
        for path, digest, output in zip(paths, digests, outputs, strict=True)
    ]
    named = machine or next(
        (str(o.machine["hostname"]) for o in outputs if o.machine.get("hostname")), ""
    )
    return RunInfo(
        run_id=run_id,
        name=" and ".join(dict.fromkeys(output.tool for output in outputs)),
        created=utc_now(),
        command=["tenbin", "import", *(path.name for path in paths)],
        fingerprint=hashlib.sha256(about).hexdigest()[:16],
        study={},
        machine=({"name": named} if named else {}) | {"imported": sources},
        tenbin=__version__,
    )
