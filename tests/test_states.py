"""A job's own word and the queue's make one state; unknown never becomes done."""

import dataclasses
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenbin.jobs import sentinel
from tenbin.jobs.schedulers.contract import Seen, State
from tenbin.jobs.sentinel import Sentinel
from tenbin.jobs.states import GRACE_S, join

NOW_S = 10_000.0
NOTHING = Sentinel()
FRESH = Sentinel(started_s=NOW_S - 500, heartbeat_s=NOW_S - 20, limit_s=600)
STALE = Sentinel(started_s=NOW_S - 5000, heartbeat_s=NOW_S - 4800, limit_s=600)
LATE = Sentinel(started_s=NOW_S - 5000, heartbeat_s=NOW_S - 4405, limit_s=600)


def ended(code: int, signal: str = "", at_s: float = NOW_S - 100) -> Sentinel:
    word = dataclasses.replace(FRESH, exit_code=code, finished_s=at_s)
    return dataclasses.replace(word, signal=signal)


TABLE: list[tuple[Sentinel, State, State]] = [
    # own word        the queue     what it is
    (NOTHING, "pending", "pending"),
    (NOTHING, "running", "running"),
    (NOTHING, "finished", "never_ran"),
    (NOTHING, "failed", "never_ran"),
    (NOTHING, "never_ran", "never_ran"),
    (NOTHING, "timeout", "timeout"),
    (NOTHING, "cancelled", "cancelled"),
    (NOTHING, "lost", "lost"),
    (NOTHING, "unknown", "unknown"),
    (FRESH, "pending", "pending"),  # put back into the queue
    (FRESH, "running", "running"),
    (FRESH, "lost", "running"),
    (FRESH, "unknown", "running"),
    (FRESH, "finished", "failed"),
    (FRESH, "timeout", "timeout"),
    (FRESH, "cancelled", "cancelled"),
    (STALE, "running", "running"),
    (STALE, "lost", "lost"),
    (STALE, "unknown", "unknown"),
    (STALE, "finished", "failed"),
    (STALE, "failed", "failed"),
    (LATE, "failed", "timeout"),  # whoever killed it, its time was up
    (ended(0), "running", "finished"),  # the epilogue may take its time
    (ended(0), "unknown", "finished"),
    (ended(0), "failed", "finished"),
    (ended(1), "finished", "failed"),
    (ended(124), "running", "timeout"),
    (ended(152, "XCPU"), "lost", "timeout"),
    (ended(138, "USR1"), "lost", "timeout"),
    (ended(140, "USR2"), "lost", "cancelled"),
    (ended(143, "TERM"), "cancelled", "cancelled"),
    (ended(143, "TERM"), "timeout", "timeout"),
    (ended(143, "TERM"), "unknown", "failed"),
    (ended(143, "TERM", NOW_S + 95), "lost", "timeout"),
    (ended(70), "finished", "failed"),
]


@pytest.mark.parametrize(("word", "queue", "state"), TABLE)
def test_joins_both_words(word: Sentinel, queue: State, state: State) -> None:
    assert join(word, Seen(queue), NOW_S).state == state


@given(
    st.builds(
        Sentinel,
        started_s=st.none() | st.floats(0, 2e4),
        heartbeat_s=st.none() | st.floats(0, 2e4),
        finished_s=st.none() | st.floats(0, 2e4),
        exit_code=st.none() | st.integers(1, 255),
        signal=st.sampled_from(["", "TERM", "USR1", "XCPU"]),
        limit_s=st.floats(0, 1e4),
    ),
    st.builds(
        Seen,
        st.sampled_from(get_args(State)),
        exit_code=st.none() | st.integers(-30, 300),
    ),
)
def test_only_a_last_word_of_zero_finishes_a_job(word: Sentinel, seen: Seen) -> None:
    assert join(word, seen, NOW_S).state != "finished"


def test_is_patient_with_books_that_lag() -> None:
    lost = Seen("lost", "not listed")
    just_now = join(NOTHING, lost, NOW_S, submitted_s=NOW_S - GRACE_S + 1)
    long_ago = join(NOTHING, lost, NOW_S, submitted_s=NOW_S - GRACE_S - 1)
    assert (just_now.state, long_ago.state) == ("unknown", "lost")


def write(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_reads_the_words_of_a_folder(tmp_path: Path) -> None:
    write(tmp_path, sentinel.STARTED, '{"time_s": 5, "host": "n1", "limit_s": 60}')
    write(tmp_path, sentinel.HEARTBEAT, '{"time_s": 35}')
    write(tmp_path, sentinel.FINISHED, '{"time_s": 40, "exit_code": 3}')

    word = sentinel.read(tmp_path)

    assert (word.started_s, word.heartbeat_s, word.exit_code) == (5.0, 35.0, 3)


@pytest.mark.parametrize("torn", ["", "{", '{"time_s": 4', '{"exit_code": 0}', "\x00"])
def test_a_torn_word_is_a_missing_word(tmp_path: Path, torn: str) -> None:
    write(tmp_path, sentinel.FINISHED, torn)
    assert sentinel.read(tmp_path).exit_code is None


def test_the_last_start_of_a_script_counts(tmp_path: Path) -> None:
    write(tmp_path, sentinel.STARTED, '{"time_s": 5}')
    write(tmp_path, sentinel.FINISHED, '{"time_s": 9, "exit_code": 1}')
    write(tmp_path / "rerun-1", sentinel.STARTED, '{"time_s": 50}')

    word = sentinel.read(tmp_path)

    assert (word.started_s, word.exit_code) == (50.0, None)
    assert word.place == tmp_path / "rerun-1"
