"""Weigh one case on the ranks that are here: prepare, measure, check, record."""

from dataclasses import dataclass

from tenbin.case import Case
from tenbin.clock import Clock
from tenbin.errors import CaseFailed
from tenbin.kernel import Kernel, Options
from tenbin.measure import Outcome, measure
from tenbin.record import Record, Status, describe, utc_now
from tenbin.rule import Alive, Rule, silent
from tenbin.topology import Topology


@dataclass(frozen=True)
class Setting:
    """What all cases of a launch share.

    Rank 0 calls `alive` with the numbers of repetitions that a course has done, has in
    all, and had done before this run.
    """

    run_id: str
    launch: int
    rule: Rule
    options: Options
    clock: Clock
    alive: Alive = silent


def weigh(case: Case, kernel: Kernel, topology: Topology, setting: Setting) -> Record:
    """Measure one case on all ranks of `topology`; return the record on every rank.

    A wrong result gives a record with status `wrong`, CaseFailed one with `failed`. Any
    other exception on any rank is the launcher's business and is not caught here.
    """
    started = utc_now()
    named = {**describe(case, setting.run_id, setting.launch), "started": started}
    named["hosts"] = list(topology.hosts)
    task = kernel.prepare(case, topology, setting.options)
    try:
        outcome = measure(
            topology.world, task, setting.rule, setting.clock, setting.alive
        )
    except CaseFailed as failure:
        return Record(
            **named, status="failed", reason=str(failure), details=dict(task.details)
        )
    finally:
        task.release()
    status: Status = "ok" if outcome.check.ok else "wrong"
    reason = "" if outcome.check.ok else _wrong(outcome)
    return Record(
        **named,
        status=status,
        reason=reason,
        samples=outcome.samples,
        check=outcome.check,
        flags=sorted({*outcome.flags, *(["emulated"] if topology.emulated else [])}),
        details=dict(task.details),
    )


def _wrong(outcome: Outcome) -> str:
    check = outcome.check
    if check.error is None:
        return f"{check.method}: not a number"
    return f"{check.method}: error is {check.error:.3g} times its bound"
