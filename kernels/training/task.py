"""From a case to a task: the data, the threads, the trainer, its course."""

from contextlib import ExitStack
from typing import cast

from tenbin import threads
from tenbin.case import Case
from tenbin.kernel import Options, Task
from tenbin.kernels.training.checkpoint import Checkpoints
from tenbin.kernels.training.course import Course
from tenbin.kernels.training.names import ON_DEVICE
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.progress import show
from tenbin.kernels.training.stop import StopFlag
from tenbin.kernels.training.trainer import Setup, Variant
from tenbin.topology import Topology


def task(case: Case, variant: Variant, topology: Topology, options: Options) -> Task:
    """Return the task of a case: as many repetitions as it has epochs. Collective."""
    problem = cast(TrainingProblem, case.whole)
    cores = options.threads or threads.cores_per_rank(topology)
    with ExitStack() as held:
        held.callback(threads.pin(cores))
        stop = StopFlag()
        held.callback(stop.release)
        setup = Setup(
            problem,
            case.dtype,
            variant.data(topology.world, problem, options.data_dir),
            topology,
            cores,
            case.variant.startswith(ON_DEVICE),
            stop,
            held.enter_context(show(case, topology.rank)),
        )
        trainer = variant.make(setup)
        held.callback(trainer.release)
        lent = case.scaling == "fixed" and not options.ladder
        name = run_name(case)
        checkpoints = Checkpoints(topology.world, options.checkpoints, name, lent)
        course = Course(
            topology.world, trainer, setup.data.test, problem.epochs, checkpoints
        )
        course.details |= {"threads": cores, "blas": threads.blas_name()}
        release = held.pop_all().close
    return Task(
        run=course.run,
        reset=lambda repetition: course.settle(),
        check=course.check,
        release=release,
        details=course.details,
        repetitions=course.left,
        earlier=course.done,
    )


def run_name(case: Case) -> str:
    """Return what a run is called in its checkpoints: its case on any ranks."""
    return case.key.rpartition("/")[0]
