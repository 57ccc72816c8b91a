"""JSON of other tools, decoded strictly, with the line of what is wrong."""

import re
from typing import TypeVar

import msgspec

from tenbin.results.importers.text import Text

T = TypeVar("T")
_BYTE = re.compile(r"\(byte (\d+)\)")
_INDEX = re.compile(r"\[(\d+)\]")


def decode_tree(text: Text, kind: type[T]) -> T:
    """Return a whole file as a Struct; keys must occur once.

    Raises UnreadableError with the line of the fault where it can be told.
    """
    content = text.content
    try:
        found = msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        raise text.error(_line_at(content, str(error)), f"{error}") from None
    except (ValueError, RecursionError) as error:
        raise text.error(_line_at(content, str(error)), f"not JSON: {error}") from None
    _refuse_twins(text)
    return found


def _line_at(content: str, message: str) -> int:
    byte = _BYTE.search(message)
    if byte is None:
        return 0
    return content.encode()[: int(byte[1])].count(b"\n") + 1


def _refuse_twins(text: Text) -> None:
    """Of a key that occurs twice in one object a decoder keeps just the last value."""
    import json

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        tree = dict(pairs)
        if len(tree) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise text.error(line_of(text, f'"{twice}"'), f"{twice!r:.40} twice")
        return tree

    json.loads(text.content, object_pairs_hook=once)


def line_of(text: Text, word: str, occurrence: int = 0) -> int:
    """Return the line where a word occurs for the n-th time, 0 where it does not."""
    place = -1
    content = text.content
    for _ in range(occurrence + 1):
        place = content.find(word, place + 1)
        if place < 0:
            return 0
    return content.count("\n", 0, place) + 1
