"""Recorded answers say what the table beside them says; damaged ones never say done."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tenbin.jobs.schedulers import gridengine, pbs, pjm, slurm
from tenbin.jobs.schedulers.contract import QueryError, Seen
from tenbin.jobs.sentinel import Sentinel
from tenbin.jobs.states import join

SAMPLES = Path(__file__).parent / "samples"
RECORDINGS = Path(__file__).parents[2] / "shared" / "samples"
MUTATIONS = 10_000

Parser = Callable[[str], dict[str, Seen]]


def short_squeue(text: str) -> dict[str, Seen]:
    """Read a recording with more columns than are asked for today."""
    rows = (line.split("|") for line in text.splitlines())
    cut = ["|".join([r[0], r[5], r[6], r[11], "", ""]) if len(r) == 15 else "|".join(r)
           for r in rows]  # fmt: skip
    return slurm.parse_squeue("\n".join(cut))


def states(text: str) -> dict[str, str]:
    """Read `id state` pairs."""
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


SLURM_SACCT = """
    1 failed 2 timeout 3 cancelled 5 finished 6 failed 8 failed
    4_1 finished 4_2 finished 4_3 finished
"""
SLURM_SQUEUE = """
    10_3 pending 10_4 pending 10_5 pending 10_6 pending 12 pending 13 pending
    14 pending 15 pending 17 pending 18 pending 16 pending 8 running 9 running
    10_1 running 10_2 running 11 running
"""
PBS_USER = """
    66.head timeout 67.head timeout 68.head failed 69.head cancelled
    70.head cancelled 71.head finished 72.head failed
"""
PBS_MIXED = """
    3.head running 4.head running 5[].head running 5[1].head running 5[2].head running
    5[3].head running 5[4].head pending 5[5].head pending 5[6].head pending
    6.head pending 7.head pending 8.head pending 9.head pending 10.head pending
    11.head pending 12.head pending 13.head pending 14.head pending 15.head pending
    16.head pending 17.head pending 18.head pending
"""
PBS_ALL = """
    0.head failed 1.head finished 2.head finished 3.head timeout 4.head finished
    5[].head finished 5[1].head finished 5[2].head finished 5[3].head finished
    5[4].head finished 5[5].head finished 5[6].head finished 6.head failed
    7.head never_ran 8.head finished 9.head finished 10.head pending 11.head pending
    12.head pending 13.head pending 14.head cancelled 15.head finished 16.head finished
    17.head failed 18.head failed 19.head cancelled
"""
GE_LISTED = """
    4 running 5 running 6 running 6.3 running 6.4 running 6.5 pending 6.6 pending
    10 running 9 pending 12 pending 13 pending 14 pending 7 pending 8 pending 11 pending
"""
PJM_LIVE = "9714 running 9715 pending 9716 pending 9717 pending"
PJM_ENDED = """
    9701 finished 9702 failed 9703 timeout 9704 cancelled 9705 never_ran 9706 failed
    9707 failed 9708 unknown
"""
SCONTROL: dict[str, str] = {
    "exit9": "failed", "segv": "failed", "nodefail": "failed", "timeout": "timeout",
    "cancelled_running": "cancelled", "cancelled_pending": "cancelled",
    "suspended": "running", "pending_dep": "pending", "badconstraints": "failed",
    "exit3_4nodes": "failed",
}  # fmt: skip

TABLE: dict[str, tuple[Parser, str]] = {
    "slurm/sacct_X_P.txt": (slurm.parse_sacct, SLURM_SACCT),
    "slurm/squeue_o.txt": (short_squeue, SLURM_SQUEUE),
    "openpbs/user_qstat_x_f_finished.json": (pbs.parse_json, PBS_USER),
    "openpbs/qstat_f_t_mixed_states.json": (pbs.parse_json, PBS_MIXED),
    "openpbs/qstat_x_f_t_all.json": (pbs.parse_json, PBS_ALL),
    "openpbs/qstat_xf_finished_exit3.txt": (pbs.parse_text, "0.head failed"),
    "gridengine/qstat.txt": (gridengine.parse_qstat, GE_LISTED),
    "gridengine/qstat_error_states.txt": (
        gridengine.parse_qstat,
        "4 running 9 pending 12 pending 14 pending 8 pending 11 pending",
    ),
    "gridengine/qacct_j_exit3.txt": (gridengine.parse_qacct, "1 failed"),
    "gridengine/qacct_j_3.txt": (gridengine.parse_qacct, "3 timeout"),
    "gridengine/qacct_j_5.txt": (gridengine.parse_qacct, "5 finished"),
    "gridengine/qacct_j_10.txt": (gridengine.parse_qacct, "10 failed"),
}
WRITTEN: dict[str, tuple[Parser, str]] = {
    "pjm/pjstat_v.txt": (pjm.parse_pjstat, PJM_LIVE),
    "pjm/pjstat_H_v.txt": (pjm.parse_pjstat, PJM_ENDED),
}
# Only in the whole collection: one more table each.
MORE: dict[str, tuple[Parser, str]] = {
    "openpbs/qstat_f_running.txt": (pbs.parse_text, "4.head running"),
    "openpbs/qstat_f_running.json": (pbs.parse_json, "4.head running"),
    "openpbs/qstat_f_suspended.json": (pbs.parse_json, "60.head running"),
    "openpbs/qstat_f_array_parent.json": (pbs.parse_json, "5[].head running"),
    "openpbs/qstat_x_f_mpi_4x2.json": (pbs.parse_json, "1.head finished"),
    "openpbs/qstat_x_f_deleted_running.json": (pbs.parse_json, "61.head cancelled"),
    "openpbs/qstat_x_f_finished_exit3.json": (pbs.parse_json, "0.head failed"),
    "openpbs/qstat_f_queued_impossible.json": (pbs.parse_json, "12.head pending"),
    "openpbs/user_qstat_f_running.json": (pbs.parse_json, "68.head running"),
    "slurm/scontrol_o_show_job_running.txt": (slurm.parse_scontrol, "8 running"),
    "gridengine/qacct_j_6.txt": (
        gridengine.parse_qacct,
        "6 finished " + " ".join(f"6.{n} finished" for n in range(1, 7)),
    ),
    "gridengine/qacct_j_4.txt": (gridengine.parse_qacct, ""),
}


@pytest.mark.parametrize("name", TABLE | WRITTEN)
def test_reads_the_state_written_beside_the_sample(name: str) -> None:
    parser, table = (TABLE | WRITTEN)[name]

    seen = parser((SAMPLES / name).read_text())

    assert {job: one.state for job, one in seen.items()} == states(table)


@pytest.mark.parametrize("name", TABLE | MORE)
def test_reads_every_recording(name: str) -> None:
    if not RECORDINGS.is_dir():
        pytest.skip("the whole collection of recordings is not here")
    parser, table = (TABLE | MORE)[name]

    seen = parser((RECORDINGS / name).read_text())

    assert {job: one.state for job, one in seen.items()} == states(table)


@pytest.mark.parametrize(("name", "state"), SCONTROL.items())
def test_reads_every_recording_of_scontrol(name: str, state: str) -> None:
    path = RECORDINGS / "slurm" / f"scontrol_show_job_{name}.txt"
    if not path.is_file():
        pytest.skip("the whole collection of recordings is not here")

    (seen,) = slurm.parse_scontrol(path.read_text()).values()

    assert seen.state == state


def test_reads_many_jobs_of_scontrol() -> None:
    seen = slurm.parse_scontrol((SAMPLES / "slurm/scontrol_show_job.txt").read_text())

    expected = [word for name, word in SCONTROL.items() if name != "exit3_4nodes"]
    assert [one.state for one in seen.values()] == expected


def damage(text: str, chance: random.Random) -> str:
    """Return a text with one to four random wounds."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text) + 1)
        to = min(len(text), at + chance.choice([1, 1, 2, 8, 80, 800]))
        kind = chance.randrange(5)
        if kind == 0:  # torn off
            text = text[:at]
        elif kind == 1:  # a hole
            text = text[:at] + text[to:]
        elif kind == 2:  # other bytes
            text = (
                text[:at] + chr(chance.choice([0, 9, 10, 27, 48, 124, 955])) + text[to:]
            )
        elif kind == 3:  # said twice
            text = text[:to] + text[at:]
        else:  # two places exchanged
            text = text[to:] + text[at:to] + text[:at]
    return text


def test_damaged_answers_never_finish_a_job() -> None:
    """Parsers may only raise QueryError; what they read never makes a job done."""
    chance = random.Random(20)
    texts = {name: (SAMPLES / name).read_text() for name in TABLE | WRITTEN}
    parsers = {name: parser for name, (parser, _) in (TABLE | WRITTEN).items()}
    short = {name: text[:6000] for name, text in texts.items()}
    started = Sentinel(started_s=0.0, heartbeat_s=1.0)
    refused = 0
    for number in range(MUTATIONS):
        name = chance.choice(list(short))
        text = texts[name] if number % 20 == 0 else short[name]
        try:
            seen = parsers[name](damage(text, chance))
        except QueryError:
            refused += 1
            continue
        for one in seen.values():
            for word in (Sentinel(), started):
                assert join(word, one, now_s=1e6).state != "finished"
    assert 0 < refused < MUTATIONS


REDUNDANT = ("openpbs/qstat_f_t_mixed_states.json", "pjm/pjstat_v.txt",
             "slurm/squeue_o.txt", "gridengine/qstat.txt")  # fmt: skip


def test_damage_does_not_end_a_job_that_runs() -> None:
    chance = random.Random(21)
    for _ in range(2000):
        name = chance.choice(REDUNDANT)
        parser, _table = (TABLE | WRITTEN)[name]
        try:
            seen = parser(damage((SAMPLES / name).read_text()[:6000], chance))
        except QueryError:
            continue
        assert "finished" not in {one.state for one in seen.values()}
