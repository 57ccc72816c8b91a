"""What a trace tells: who entered and left each step last, and which took longest."""

import numpy as np

from tenbin.kernels.allreduce.trace import Track, chrome, longest, spans


def track(names: str, *rows: tuple[int, ...]) -> Track:
    parts = tuple(names.split())
    return Track(parts, ({},) * len(parts), np.array(rows, dtype=np.int64))


# rank 1 is slow in its first step, so it is late for the second, which holds rank 0
LATE = [
    track("a b", (1000, 1010, 1100), (2000, 2010, 2100)),
    track("a b", (1000, 1080, 1090), (2000, 2080, 2090)),
]


def test_the_rank_that_was_late_entered_last() -> None:
    first, second = spans(LATE)

    assert (first.entered, first.left) == (None, (1, 2))
    assert (second.entered, second.left) == ((1, 2), (0, 2))
    assert str(second) == (
        "b: 0.1 us, rank 1 entered last in 2, rank 0 left last in 2 of 2"
    )


def test_a_step_is_that_of_the_ranks_that_have_it() -> None:
    only = track("b", (1000, 1300))
    found = {span.name: span for span in spans([track("a", (900, 1000)), only])}

    assert found["b"].left == (1, 1)
    assert found["b"].time_s == 300e-9
    assert longest(found.values())[0].name == "b"


def test_a_process_is_a_node_and_a_thread_a_rank() -> None:
    made = chrome(LATE, [0, 1])

    (event,) = [
        event
        for event in made["traceEvents"]
        if event["name"] == "b" and event["tid"] == 1 and event["ts"] > 1
    ]
    assert (event["pid"], event["ts"], event["dur"]) == (1, 1.08, 0.01)
    assert event["args"]["repetition"] == 1
