"""What training declines, by name: values, variants, allreduces, ladders."""

import pytest

from tenbin.case import Case
from tenbin.errors import UsageError
from tenbin.kernels.training import KERNEL
from tenbin.kernels.training.problem import TrainingAxes, TrainingProblem, expand


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "mnits"}, "no data set mnits; choose from mnist"),
        ({"batch": 0}, "training: batch = 0; at least 1"),
        ({"rate": -1.0}, "rate = -1.0 is negative"),
        ({"dropout": 1.0}, "dropout = 1.0; below 1"),
        ({"seed": []}, "seed is an empty list"),
        ({"loss": "hinge"}, "no loss hinge; choose from cross-entropy"),
        ({"schedule": "sine"}, "no schedule sine; choose from constant"),
    ],
)
def test_a_bad_value_is_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        expand(TrainingAxes(**{"dataset": "glyphs", **changes}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"net": "big"}, "no net 'big'"),
        ({"allreduce": "foo"}, "no allreduce algorithm 'foo'"),
        ({"allreduce": "shm:flat"}, "use shm-copy, not shm"),
        ({"activation": "gelu"}, "no activation gelu"),
    ],
)
def test_what_cannot_run_is_declined(changes: dict[str, str], reason: str) -> None:
    problem = TrainingProblem("glyphs", **changes)  # type: ignore[arg-type]

    assert reason in KERNEL.misfit(Case("training", "sgd", "float32", problem))


@pytest.mark.parametrize("variant", ["sgd", "semi-nmf"])
@pytest.mark.parametrize(
    ("allreduce", "ranks", "reason"),
    [
        ("foo", 1, "no allreduce algorithm 'foo'"),
        ("4x2", 1, ""),  # nothing to sum: a ladder begins there
        ("4x2", 2, "4x2 needs 8 ranks, not 2"),
        (" LIBRARY ", 2, ""),
        ("nccl:flat", 2, "nccl:flat cannot sum on the host"),
        ("shm-copy:2x2", 4, "needs nodes of 2 ranks"),
    ],
)
def test_an_allreduce_has_to_fit_the_ranks(
    variant: str, allreduce: str, ranks: int, reason: str
) -> None:
    problem = TrainingProblem("glyphs", allreduce=allreduce)
    case = Case("training", variant, "float32", problem, ranks, ranks)

    found = KERNEL.misfit(case)

    assert reason in found
    assert bool(reason) == bool(found)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"net": "lenet5"}, "dense nets such as 1000-500, not lenet5"),
        ({"activation": "tanh"}, "ReLU layers, not tanh"),
        ({"settings": "rounds=-5"}, "rounds = -5: at least 1"),
        ({"settings": "nmf_steps=0"}, "nmf_steps = 0: at least 1"),
        ({"settings": "fit_steps=0"}, "fit_steps = 0: at least 1"),
        ({"settings": "batch=5"}, "no setting batch; choose from w_steps"),
    ],
)
def test_semi_nmf_says_what_it_cannot_train(
    changes: dict[str, str], reason: str
) -> None:
    problem = TrainingProblem("glyphs", **changes)  # type: ignore[arg-type]

    assert reason in KERNEL.misfit(Case("training", "semi-nmf", "float32", problem))


def test_semi_nmf_does_not_claim_a_gpu() -> None:
    case = Case("training", "cuda:semi-nmf", "float32", TrainingProblem("glyphs"))

    assert KERNEL.misfit(case) == "semi-nmf runs on the host only"


def test_weak_scaling_needs_the_share_of_a_rank() -> None:
    case = Case("training", "sgd", "float32", TrainingProblem("glyphs"), 2, 2, "weak")

    assert "weak scaling needs samples" in KERNEL.misfit(case)


def test_a_gpu_is_asked_for_by_name() -> None:
    assert KERNEL.variant(" CUDA:Adam ") == "cuda:adam"
    with pytest.raises(UsageError, match="no training variant adamm"):
        KERNEL.variant("adamm")
