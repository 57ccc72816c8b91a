"""The errors that end a command with one clear line."""

from collections.abc import Iterable


class TenbinError(Exception):
    """An error whose message is meant for the user; ends a command with `exit_code`."""

    exit_code = 1


class UsageError(TenbinError):
    """Bad input: the message names the file, the key, the value and the choices."""

    exit_code = 2


class CaseFailed(TenbinError):
    """A case that cannot go on, such as a training run that diverged.

    Raised on all ranks alike, it ends this case with its message; others go on.
    """


class NoDataError(TenbinError):
    """Nothing to report: no run, or no record in it."""

    exit_code = 5


def unknown(what: str, value: object, choices: Iterable[str]) -> UsageError:
    """Return the error for a `value` that is none of the `choices`."""
    return UsageError(f"no {what} {value!s:.80}; choose from {', '.join(choices)}")
