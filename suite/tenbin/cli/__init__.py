"""The command line: one small file per verb, imported when it is called."""

import sys
import traceback
from collections.abc import Sequence

import click

from tenbin import __version__
from tenbin.cli.verbs import Verbs
from tenbin.errors import TenbinError
from tenbin.jobs.environment import is_first_rank, launcher_variable

VERBS = {
    "list": "What is here: kernels, variants, presets, studies.",
    "doctor": "Is this machine ready: compiler, MPI, BLAS, GPU, scheduler.",
    "data": "Data sets for training: list, fetch.",
    "bench": "Weigh one kernel now; also under mpiexec or srun.",
    "run": "Run a whole study here and write its report.",
    "plan": "Show the jobs of a study on a queue, and what they cost.",
    "submit": "Submit a study to a queue and walk away.",
    "status": "What became of the jobs, why, and what to do next.",
    "wait": "Wait until the jobs have ended; cancels none.",
    "cancel": "Cancel the jobs of a campaign; results stay.",
    "resume": "Submit again only what lacks a valid result.",
    "collect": "Gather the records of all jobs, also while they run.",
    "report": "Turn runs into one HTML page with figures and tables.",
    "compare": "Is NEW faster or slower than BASE, case by case.",
    "gate": "Pass or fail a run against a file of expected bounds.",
    "layers": "Networks layer by layer: time, speed-up, error.",
    "scaling": "Efficiency, laws and models of a ladder, for a proposal.",
    "import": "Read the outputs of other benchmarks into a run.",
    "export": "Write results as a table, or for Extra-P.",
    "allreduce": "Look into algorithms: show, prove, cost, fit, search.",
}
INTERRUPTED = 130


@click.group(
    cls=Verbs,
    package=__name__,
    verbs=VERBS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="tenbin")
def cli() -> None:
    """Weigh the building blocks of distributed deep learning on this machine.

    \b
    tenbin run quick                                    a first report
    mpiexec -n 4 tenbin bench allreduce -s 1KiB:64MiB   one kernel, one table
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; errors for the user are one line and an exit code.

    Under mpiexec every rank comes here: rank 0 alone speaks, and an exception on any
    rank ends all of them.
    """
    try:
        code = cli.main(arguments, prog_name="tenbin", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        if is_first_rank():
            error.show()
        sys.exit(error.exit_code)
    except TenbinError as error:
        if is_first_rank():
            click.echo(f"tenbin: {error}", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("tenbin: interrupted", err=True)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception:
        if launcher_variable():
            _abort_all()
        raise


def _abort_all() -> None:
    traceback.print_exc()
    from mpi4py import MPI

    MPI.COMM_WORLD.Abort(1)
