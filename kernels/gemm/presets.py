"""Named lists of problems, most of them DeepBench's.

DeepBench's 160 training, 75 server and 13 device problems are those of
`code/kernels/gemm_problems.h` in github.com/baidu-research/DeepBench (Apache-2.0),
regrouped as: transposes of A and B, the sizes M x K of op(A), the values of N.
"""

from collections.abc import Iterable

from tenbin.kernels.gemm.problem import GemmProblem

_SPEECH = "1760x1760 2048x2048 2560x2560 4096x4096"
_WIDE = "5124x1760 5124x2048 5124x2560 5124x4096"
_SKINNY = "35x1760 35x2048 35x2560 35x4096"
_GATES = "6144x2048 4608x1536 8448x2816"
_OUTPUT = "512x2816 512x2048 512x2560 512x1536 1024x2816 1024x2048 1024x2560 1024x1536"

_TRAIN = (
    ("nn", _SPEECH, "16 32 64 128 7000"),
    ("tn", _SPEECH, "16 32 64 128 7000"),
    ("nt", _SPEECH, "7133"),
    ("nn", _WIDE, "9124"),
    ("nn", _SKINNY, "8457"),
    ("tn", _WIDE, "9124"),
    ("tn", _SKINNY, "8457"),
    ("nn", "7680x2560 3072x1024", "16 32 64 128 24000 48000"),
    ("tn", "7680x2560 3072x1024", "16 32 64 128 24000 48000"),
    ("nt", "3072x1024", "7435"),
    ("nt", "7680x2560", "5481"),
    ("nn", "512x500000 1024x500000", "8 16"),
    ("tn", "512x500000 1024x500000", "8 16"),
    ("nn", "1024x512", "700 16 32"),
    ("tn", "1024x512", "700"),
    ("nn", _GATES, "24000 48000 16 32"),
    ("tn", _GATES, "24000 48000 16 32"),
    ("nn", _OUTPUT, "24000 48000"),
    ("nn", "512x512", "16 32"),
    ("tn", _OUTPUT, "24000 48000"),
    ("nt", "512x512 1024x512", "16 32"),
)

_SERVER = (
    ("nn", "5124x2048 35x2048 5124x2560 35x2560", "700 1500"),
    ("nn", "7680x2560 3072x1024", "1 2 4 1500 3000 6000"),
    ("nn", "512x500000 1024x500000 512x512", "1 2 4"),
    ("nn", "1024x512", "700 1 2 4"),
    ("nn", _GATES, "1500 3000 6000 1 2 4"),
    ("nn", _OUTPUT, "1500 3000 6000"),
)

_DEVICE = (
    ("nn", "5124x2048 35x2048", "700"),
    ("nn", "3072x1024", "1 1500"),
    ("nn", "64x1216 128x1024 128x1408 4224x128", "1"),
    ("nn", "128x1280 176x1408 4224x176", "1500"),
    ("nn", "3072x128", "1500 1"),
)

SMALL_FLOPS = 5 * 10**9
SMALL_BYTES = 256 * 2**20


def _table(rows: Iterable[tuple[str, str, str]]) -> tuple[GemmProblem, ...]:
    return tuple(
        GemmProblem(
            int(shape.split("x")[0]), int(n), int(shape.split("x")[1]), transpose
        )
        for transpose, shapes, batches in rows
        for shape in shapes.split()
        for n in batches.split()
    )


def small(problems: Iterable[GemmProblem]) -> tuple[GemmProblem, ...]:
    """Return the problems of at most 5 GFLOP and 256 MiB in float16."""
    return tuple(
        problem
        for problem in problems
        if problem.flops <= SMALL_FLOPS and 2 * problem.elements <= SMALL_BYTES
    )


DEEPBENCH = {
    "deepbench-train": _table(_TRAIN),
    "deepbench-server": _table(_SERVER),
    "deepbench-device": _table(_DEVICE),
}

FULL = tuple(dict.fromkeys(p for problems in DEEPBENCH.values() for p in problems))

PRESETS: dict[str, tuple[GemmProblem, ...]] = {
    "smoke": (
        GemmProblem(16, 16, 16),
        GemmProblem(33, 17, 5, "tn"),
        GemmProblem(64, 48, 32, "nt"),
        GemmProblem(7, 4, 13, "tt"),
    ),
    # DeepBench training problems of at most 40 ms on one core of a laptop
    "laptop": (
        GemmProblem(512, 16, 512, "nt"),
        GemmProblem(1024, 700, 512),
        GemmProblem(1760, 128, 1760),
        GemmProblem(2560, 64, 2560, "tn"),
        GemmProblem(4096, 16, 4096),
        GemmProblem(35, 8457, 1760, "tn"),
    ),
    "square": tuple(GemmProblem(n, n, n) for n in (256, 512, 1024, 2048)),
    "square-large": tuple(GemmProblem(n, n, n) for n in (4096, 8192, 16384)),
    **DEEPBENCH,
    **{f"{name}-small": small(problems) for name, problems in DEEPBENCH.items()},
    "small": small(FULL),
    "full": FULL,
}
