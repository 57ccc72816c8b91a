"""Semi-NMF over ranks: the same training for any number of them, and what is sent."""

from collections.abc import Iterator
from dataclasses import replace
from time import perf_counter

import numpy as np
import pytest
from mpi4py import MPI

from tenbin.kernels.training.data import load
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.semi_nmf.packing import packed_size
from tenbin.kernels.training.semi_nmf.sums import sums
from tenbin.kernels.training.semi_nmf.variants import FORMS
from tenbin.kernels.training.spent import PARTS
from tenbin.kernels.training.trainer import Setup, Stopped
from tenbin.topology import Topology, discover

COMM = MPI.COMM_WORLD
GLYPHS = load("glyphs", samples=500)
SWEEPS, NET, CLASSES = 3, (24, 12), 10  # 500 samples in batches of 200


@pytest.fixture
def topology() -> Iterator[Topology]:
    found = discover(COMM)
    yield found
    found.free()


def setup(topology: Topology, dtype: str, allreduce: str = "library") -> Setup:
    net = "-".join(map(str, NET))
    problem = TrainingProblem("glyphs", net, batch=200, allreduce=allreduce)
    return Setup(problem, dtype, GLYPHS, topology)


@pytest.mark.parametrize("form", ["", "eigen", "eigen-once", "plain"])
def test_any_number_of_ranks_learns_the_same(topology: Topology, form: str) -> None:
    alone_topology = discover(MPI.COMM_SELF)
    alone = FORMS[form].make(setup(alone_topology, "float64"))
    together = FORMS[form].make(setup(topology, "float64"))

    for number in (1, 2):
        expected, found = alone.epoch(number), together.epoch(number)
        assert found.loss == pytest.approx(expected.loss, rel=1e-3)

    classes = [one.classify(GLYPHS.test.rows) for one in (alone, together)]
    assert np.mean(classes[0] != classes[1]) <= 0.02
    together.release()
    alone_topology.free()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_all_ranks_hold_the_same_weights(topology: Topology, dtype: str) -> None:
    trainer = FORMS[""].make(setup(topology, dtype))

    trainer.epoch(1)

    mine = trainer.replicated()
    assert mine.tobytes() == COMM.bcast(mine).tobytes()
    trainer.release()


def test_counts_what_is_summed(topology: Topology) -> None:
    """Two Gram matrices in half, Y^T Z with one, C for each inner step, the stop."""
    trainer = FORMS[""].make(setup(topology, "float64"))
    steps = trainer.settings.w_steps

    more = trainer.epoch(1).more

    grams = packed_size(NET[0] + 1) + packed_size(NET[1] + 1)
    products = CLASSES * (NET[1] + 1)
    inner = NET[1] * (NET[0] + 1) + NET[0] * more["rank"]
    words = grams + products + steps * inner + 1
    assert more["allreduces"] == SWEEPS * (3 + 2 * steps)
    assert more["summed_bytes"] == SWEEPS * words * 8
    trainer.release()


@pytest.mark.parametrize("form", ["", "eigen-once"])
def test_the_parts_of_an_epoch_add_up_to_it(topology: Topology, form: str) -> None:
    trainer = FORMS[form].make(setup(topology, "float64"))

    began = perf_counter()
    progress = trainer.epoch(1)
    seconds = perf_counter() - began

    compute, curvature, communication, inverse = (
        progress.more[f"{part}_s"] for part in PARTS
    )
    whole = compute + communication + inverse
    assert 0.9 * seconds < whole <= seconds
    assert curvature == 0
    assert min(compute, communication, inverse) > 0
    assert progress.comm_s == communication
    trainer.release()


@pytest.mark.parametrize("name", ["library", "flat", "tree", "shm:flat"])
def test_sums_by_any_algorithm(topology: Topology, name: str) -> None:
    several = sums(name, topology)
    for turn in range(2):
        for size in (5, 300):
            buffer = several.buffer("some", (size,), "float64")
            buffer[:] = np.arange(size) * (COMM.rank + 1) + turn

            several.total("some", buffer)

            ranks = COMM.size * (COMM.size + 1) // 2
            np.testing.assert_array_equal(
                buffer, np.arange(size) * ranks + turn * COMM.size
            )
    assert several.calls == 4
    several.release()


def test_a_basis_that_one_rank_computes_is_counted(topology: Topology) -> None:
    """Of every basis its likeness, then E, D and where there is a ridge term S."""
    counts = {}
    for form in ("eigen", "eigen-once"):
        trainer = FORMS[form].make(setup(topology, "float64"))
        counts[form] = trainer.epoch(1).more
        trainer.release()

    ridged, plain = 3, 1  # for W and for Z, and for Z without
    messages = (ridged * 4 + plain * 3) if COMM.size > 1 else 0
    extra = counts["eigen-once"]["allreduces"] - counts["eigen"]["allreduces"]
    assert extra == SWEEPS * messages


def test_a_run_stopped_by_one_rank_goes_on_bit_by_bit(topology: Topology) -> None:
    answers = iter([False, COMM.rank == COMM.size - 1])
    stopping = replace(setup(topology, "float32"), stop=lambda: next(answers))
    first = FORMS[""].make(stopping)
    whole, second = (FORMS[""].make(setup(topology, "float32")) for _ in range(2))
    expected = whole.epoch(1).loss, whole.epoch(2).loss

    with pytest.raises(Stopped):
        first.epoch(1)
    second.restore(first.state())
    found = second.epoch(1).loss, second.epoch(2).loss

    np.testing.assert_array_equal(second.replicated(), whole.replicated())
    assert found == pytest.approx(expected, rel=1e-12)
    for trainer in (first, whole, second):
        trainer.release()


def test_a_stopped_run_goes_on_with_other_ranks(topology: Topology) -> None:
    first = FORMS[""].make(setup(topology, "float64"))
    first.epoch(1)
    state = first.state()
    alone_topology = discover(MPI.COMM_SELF)
    alone = FORMS[""].make(setup(alone_topology, "float64"))

    alone.restore(COMM.bcast(state))

    expected, found = first.epoch(2), alone.epoch(2)
    assert found.loss == pytest.approx(expected.loss, rel=1e-3)
    first.release()
    alone_topology.free()
