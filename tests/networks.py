"""Records of networks: their layers, their answers and their training."""

from typing import Any

from tenbin.record import Record
from tests.builders import create_record, noise


def conv_records(launches: int = 3) -> list[Record]:
    """Return LeNet-5 in three variants, one of which lacks a layer."""
    sizes = ((784, 6, 25, 0), (100, 16, 150, 1), (1, 120, 400, 2))
    wide, half = ("im2col", "float32", 1.0), ("auto", "float16", 4.0)
    series = (wide, half, ("direct", "float16", 2.0))
    return [
        _conv_record(launch, variant, dtype, speed, size)
        for launch in range(launches)
        for variant, dtype, speed in series
        for size in sizes
        if (variant, size[3]) != ("direct", 2)
    ]


def _conv_record(
    launch: int, variant: str, dtype: str, speed: float, size: tuple[int, ...]
) -> Record:
    pixels, k, terms, number = size
    flops, wide = 2 * 64 * pixels * k * terms, dtype == "float32"
    place = {"layer": f"C{2 * number + 1}", "number": number, "count": 1, "layers": 3}
    details = {
        "threads": 1,
        "networks": {"lenet-5": place},
        "relative_l2": 1e-7 if wide else 2e-4,
        "bias": -1e-6,
        "excess": 0.5,
        "flops_unpadded": flops,
    }
    shape = {"n": 64, "k": k, "direction": "forward", "layout": "nhwc", "cold": "none"}
    return create_record(
        kernel="conv", variant=variant, dtype=dtype, label=f"C{number}", problem=shape,
        flops=flops, bytes=64 * (pixels * k + terms) * (2 + 2 * wide), launch=launch,
        time_s=flops / 20e9 / speed * noise(variant, number, launch), details=details,
    )  # fmt: skip


def inference_records(launches: int = 3) -> list[Record]:
    """Return a LeNet-5 in three precisions; sums in float16 change its answers."""
    series = (
        ("im2col", "float32", "float32", "fp32", 1.0, 0),
        ("direct", "float16", "float32", "dfp16", 2.0, 0),
        ("half", "float16", "float16", "mfp16", 0.01, 3),
    )
    return [
        create_record(
            kernel="inference", variant=variant, dtype=dtype, label="lenet5-mnist",
            problem={"dataset": "mnist", "images": 1000}, flops=10**9, launch=launch,
            time_s=0.01 / speed * noise(variant, 0, launch),
            details={
                "threads": 1, "precision": precision, "accumulate": sums,
                "top1": 0.98 - changed / 1000, "top1_change": -changed / 1000,
                "changed_answers": float(changed), "relative_l2": 1e-3,
            },
        )
        for launch in range(launches)
        for variant, dtype, sums, precision, speed, changed in series
    ]  # fmt: skip


def training_records(seeds: int = 3) -> list[Record]:
    """Return semi-NMF at two batches and SGD at two rates, on one rank and on two."""
    fixed = [
        _training_record(variant, batch, rate, seed, "fixed", 1)
        for seed in range(1, seeds + 1)
        for variant, batch, rate in (
            ("semi-nmf", 1000, 0.0),
            ("semi-nmf", 5000, 0.0),
            ("sgd", 100, 0.1),
            ("sgd", 100, 0.3),
            ("sgd", 1000, 0.3),
        )
    ]
    ladder = [
        _training_record("semi-nmf", 5000, 0.0, 1, "strong", ranks) for ranks in (1, 2)
    ]
    return [*fixed, *ladder]


def _line(batch: int) -> dict[str, Any]:
    """Return loss and accuracy along a line; large batches end in a narrow valley."""
    shares = [number / 8 for number in range(13)]
    narrow = [batch / 1000 * (share - 1.0) ** 2 for share in shares]
    losses = [0.1 + wall for wall in narrow]
    accuracies = [max(0.1, 0.98 - wall) for wall in narrow]
    return {
        "share": shares, "distance": 3.0, "train_loss": losses, "test_loss": losses,
        "train_accuracy": accuracies, "test_accuracy": accuracies,
    }  # fmt: skip


def _training_record(
    variant: str, batch: int, rate: float, seed: int, scaling: str, ranks: int
) -> Record:
    """Return a run of four epochs; SGD is worse with a large batch or a high rate."""
    slow = 0.0 if variant == "semi-nmf" else batch / 2e4 + abs(rate - 0.1) / 10
    rows = [
        {
            "epoch": epoch,
            "seconds": (2.0 + 3.0 * (epoch == 1)) / ranks,
            "loss": 1.0 / epoch,
            "test_error": (0.012 + 0.02 / epoch**2 + slow)
            * noise(variant, batch, rate, seed, epoch),
            "comm_share": 0.1 * (ranks - 1),
            "wait_share": 0.1 * (ranks - 1),
            "more": {"pretrain_s": 3.0 / ranks} if epoch == 1 else {},
        }
        for epoch in range(1, 5)
    ]
    problem = {"dataset": "mnist", "net": "1000-500", "batch": batch, "seed": seed}
    return create_record(
        kernel="training", variant=variant, dtype="float32", scaling=scaling,
        label=f"mnist-net1000-500-batch{batch}-rate{rate:g}-seed{seed}", ranks=ranks,
        problem={**problem, "rate": rate, "samples": 0, "settings": ""},
        details={"threads": 1, "history": rows, "line": _line(batch)},
        time_s=2.0 / ranks,
        flops=None, bytes=None,
    )  # fmt: skip
