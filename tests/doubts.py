"""Builders of records that tell uncertainty, or writers apart."""

from typing import Any

import numpy as np

from tenbin.record import Record
from tests.builders import create_record

GRID = np.linspace(0.0, 1.0, 101)
BINS = 15


def uncertainty_records(seeds: int = 3) -> list[Record]:
    """Return VOGN, Adam, and two forms of Monte Carlo, the first the best."""
    kinds = (
        ("vogn", "damping=1e-3", 0.0, 30.0),
        ("adam", "", 0.0, 12.0),
        ("mc", "", 0.2, 8.0),
        ("mc", "noise=0.1", 0.0, 5.0),
    )
    return [
        _trained(variant, seed, {"settings": settings, "dropout": dropout},
                 {"uncertainty": _uncertainty(skill + seed / 3)})
        for seed in range(1, seeds + 1)
        for variant, settings, dropout, skill in kinds
    ]  # fmt: skip


def _uncertainty(skill: float) -> dict[str, Any]:
    """Return what a record tells of a method; AUROC = skill / (skill + 1)."""
    confidence = (np.arange(5, BINS) + 0.5) / BINS
    accuracy = np.clip(confidence - 1.0 / skill * (1 - confidence) * 2, 0, 1)
    counts = np.linspace(10, 400, len(confidence)).astype(int)
    edges = np.linspace(0.0, np.log(10), 21)
    inside, outside = (np.exp(-edges[:-1] * rate) for rate in (skill / 5, 2 / skill))
    detection = {
        "auroc": skill / (skill + 1),
        "fpr_at_95": 0.95**skill,
        "tpr": (GRID ** (1 / skill)).tolist(),
    }
    return {
        "accuracy": 1 - 0.2 / skill, "nll": 1 / skill, "ece": 0.1 / skill,
        "ece_bins": BINS, "errors": detection,
        "reliability": np.stack([counts, confidence, accuracy], axis=1).tolist(),
        "outside": {**detection, "set": "letters", "entropy_edges": edges.tolist(),
                    "entropy_in": (inside / inside.sum()).tolist(),
                    "entropy_out": (outside / outside.sum()).tolist()},
    }  # fmt: skip


def writers_records(seeds: int = 3) -> list[Record]:
    """Return both heads on 3, 10 and 30 writers; unbalanced pairs lose recall."""
    return [
        _trained(variant, seed,
                 {"settings": f"writers={count}, balanced={str(balanced).lower()}"},
                 {"writers": _writers(count, balanced, seed)})
        for seed in range(1, seeds + 1)
        for variant in ("siamese", "siamese-contrastive")
        for count in (3, 10, 30)
        for balanced in (True, False)
    ]  # fmt: skip


def _writers(count: int, balanced: bool, seed: int) -> dict[str, Any]:
    same = 0.9 - 0.01 * seed if balanced else 1.2 / count
    different = 0.85 if balanced else 1 - 0.1 / count
    matrix = np.full((count, count), different)
    np.fill_diagonal(matrix, same)
    return {
        "matrix": matrix.tolist(), "same_recall": same, "different_recall": different,
        "balanced_accuracy": (same + different) / 2, "auroc": 0.9,
        "equal_error": 0.245, "tpr": (GRID**0.2).tolist(),
    }  # fmt: skip


def mix_records() -> list[Record]:
    """Return VOGN on one rank, and on more of them by samples and by parts."""
    return [
        _trained("vogn", 1, {"settings": f"samples=4, mc_groups={groups}"}, {},
                 scaling="strong", ranks=ranks, time_s=2.0 / ranks * (1 + 0.1 / groups))
        for ranks, groups in ((1, 1), (2, 1), (2, 2), (4, 1), (4, 2), (4, 4))
    ]  # fmt: skip


def split_records() -> list[Record]:
    """Return K-FAC on 1 and on 2 ranks, which talk a quarter of the time."""
    alone = {"compute_s": 1.0, "curvature_s": 0.5, "communication_s": 0.0}
    apart = {"compute_s": 0.5, "curvature_s": 0.25, "communication_s": 0.5}
    return [
        _trained("kfac", seed, {}, {}, scaling="strong", ranks=ranks,
                 spent={**parts, "inverse_s": inverse_s})
        for seed in (1, 2, 3)
        for ranks, parts, inverse_s in ((1, alone, 0.5), (2, apart, 0.75))
    ]  # fmt: skip


def _trained(
    variant: str,
    seed: int,
    problem: dict[str, Any],
    details: dict[str, Any],
    **more: Any,
) -> Record:
    time_s = more.get("time_s", 2.0)
    row = {"epoch": 1, "seconds": time_s, "loss": 1.0, "test_error": 0.02}
    shares = {"comm_share": 0.0, "wait_share": 0.0, "more": more.pop("spent", {})}
    own = {"dataset": "glyphs", "net": "lenet5", "batch": 100, "seed": seed}
    own |= {"rate": 0.0, "samples": 500, "settings": "", "dropout": 0.0} | problem
    label = f"glyphs-seed{seed}-dropout{own['dropout']}-{own['settings']}"
    return create_record(
        kernel="training", variant=variant, seed=seed, problem=own, label=label,
        flops=None, bytes=None,
        details={"threads": 1, "history": [row | shares], **details},
        **{"scaling": "fixed", "time_s": time_s} | more,
    )  # fmt: skip
