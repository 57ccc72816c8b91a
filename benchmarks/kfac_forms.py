"""K-FAC's factors over ranks, sharded against replicated: LeNet-5, in turns.

Batch 256, factors and inverses in every step, so that their cost is the whole of it.
Prints, of the slowest rank, ms a step for exchange and inverses, and for all; there is
no bar. Run it under mpiexec with the ranks that are to be compared.
"""

import sys

import numpy as np
from mpi4py import MPI
from threadpoolctl import threadpool_limits

from tenbin.kernels.training import variant
from tenbin.kernels.training.data import load
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.trainer import Setup, Trainer
from tenbin.topology import Topology, discover

BATCH, STEPS, ROUNDS = 256, 4, 5
FORMS = ("sharded", "replicated")
PARTS = ("communication_s", "inverse_s", "step_s")


def trainer(form: str, topology: Topology) -> Trainer:
    problem = TrainingProblem(
        "glyphs",
        "lenet5",
        batch=BATCH,
        samples=BATCH * STEPS,
        settings=f"form={form}, t_stats=1, t_inv=1",
    )
    data = load("glyphs", "", problem.samples, problem.seed)
    return variant("kfac").make(Setup(problem, "float32", data, topology))


def epoch_ms(one: Trainer, number: int) -> list[float]:
    """Return what a step took of the slowest rank, part by part."""
    comm = MPI.COMM_WORLD
    comm.Barrier()
    began = MPI.Wtime()
    more = dict(one.epoch(number).more)
    more["step_s"] = MPI.Wtime() - began
    ranks = comm.allgather([more[part] for part in PARTS])
    return [float(ms) for ms in np.max(ranks, axis=0) / STEPS * 1e3]


def main() -> int:
    topology = discover(MPI.COMM_WORLD)
    trainers = {form: trainer(form, topology) for form in FORMS}
    found: dict[str, list[list[float]]] = {form: [] for form in FORMS}
    with threadpool_limits(limits=1):
        for number in range(ROUNDS + 1):
            for form in FORMS:
                found[form].append(epoch_ms(trainers[form], number + 1))
    for form, times in found.items():
        trainers[form].release()
        low, middle, high = np.percentile(times[1:], [25, 50, 75], axis=0)
        parts = zip(PARTS, low, middle, high, strict=True)
        told = [f"{p[:-2]} {m:.1f} ms [{a:.1f}, {b:.1f}]" for p, a, m, b in parts]
        if topology.rank == 0:
            print(f"{form:<11} {topology.size} ranks: {', '.join(told)}", flush=True)
    topology.free()
    return 0


if __name__ == "__main__":
    sys.exit(main())
