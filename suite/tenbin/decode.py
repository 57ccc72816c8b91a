"""Strict decoding of TOML trees, with errors in the user's words."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, get_args

import msgspec

from tenbin.errors import UsageError

T = TypeVar("T")
_PATH = re.compile(r"(.*?) - at `(?:key in )?\$\.?(.*)`$", re.DOTALL)
_STEP = re.compile(r"[^.\[\]]+")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")


@contextmanager
def blame(place: str) -> Iterator[None]:
    """Put the place, a file or a key, in front of any UsageError from inside."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{place}: {error}") from None


def decode(tree: Any, kind: type[T]) -> T:
    """Convert a TOML tree to a msgspec Struct; nothing is coerced, no key is ignored.

    Raises UsageError with the key path, what was expected and, for an unknown key,
    the choices.
    """
    try:
        return msgspec.convert(tree, kind)
    except msgspec.ValidationError as error:
        raise UsageError(_explain(str(error), tree, kind)) from None


def _explain(message: str, tree: Any, kind: Any) -> str:
    match = _PATH.fullmatch(message)
    text, path = (match[1], match[2]) if match else (message, "")
    key = path.replace("[...]", "")
    prefix = f"{key}: " if key else ""
    missing = _UNKNOWN.fullmatch(text)
    if missing:
        choices = ", ".join(_fields(kind, key))
        return f"{prefix}unknown key {missing[1]}; choose from {choices}"
    value = _at(tree, key)
    shown = f" ({value!r:.60})" if key and not isinstance(value, dict) else ""
    return f"{prefix}{text[:1].lower()}{text[1:]}{shown}".replace("`", "")


def _at(tree: Any, path: str) -> Any:
    """Return the value at a path such as `bench[0].n[1]`, or an empty string."""
    for part in _STEP.findall(path):
        try:
            tree = tree[int(part) if isinstance(tree, list | tuple) else part]
        except (IndexError, KeyError, TypeError, ValueError):
            return ""
    return tree


def _fields(kind: Any, path: str) -> tuple[str, ...]:
    for part in filter(None, path.split(".")):
        hints = {f.name: f.type for f in msgspec.structs.fields(kind)}
        options = [hints[part], *get_args(hints[part])]
        kind = next(o for o in options if hasattr(o, "__struct_fields__"))
    fields: tuple[str, ...] = kind.__struct_fields__
    return fields
