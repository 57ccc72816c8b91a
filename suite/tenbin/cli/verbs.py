"""A group of verbs, one small file each, imported when it is called."""

from collections.abc import Mapping
from importlib import import_module
from keyword import iskeyword
from typing import Any

import click


class Verbs(click.Group):
    """A group that imports a verb only when it is called or asked for help.

    `verbs` are names with a line of help, in the order of a day's work; each is the
    `command` of a file of `package`.
    """

    def __init__(self, *, package: str, verbs: Mapping[str, str], **given: Any) -> None:
        super().__init__(**given)
        self.package, self.verbs = package, verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in their order."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import the file of the verb."""
        if name not in self.verbs:
            return None
        file = f"{name}_" if iskeyword(name) else name
        command: click.Command = import_module(f"{self.package}.{file}").command
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.verbs.items()))
