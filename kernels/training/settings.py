"""The settings of a method, as a study writes them: `damping=1e-3, t_stats=10`."""

from dataclasses import fields, replace
from math import isfinite
from typing import Any, TypeVar

from tenbin.errors import UsageError, unknown

T = TypeVar("T")
_WORDS = {"true": True, "false": False}


def read(text: str, defaults: T) -> T:
    """Return `defaults`, a frozen dataclass, with what the text changes in it.

    Raises UsageError for an unknown key, with the choices, and for a value that is not
    of the type of the default, or no finite number; the dataclass itself judges it.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Settings:
    ...     damping: float = 1e-3
    ...     t_stats: int = 1
    >>> read("t_stats=10", Settings())
    Settings(damping=0.001, t_stats=10)
    """
    kinds = {f.name: getattr(defaults, f.name) for f in fields(defaults)}  # type: ignore[arg-type]
    changed: dict[str, Any] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        key, _, value = (word.strip() for word in pair.partition("="))
        if key not in kinds:
            raise unknown("setting", key, kinds)
        changed[key] = _convert(key, value, kinds[key])
    return replace(defaults, **changed)  # type: ignore[type-var]


def _convert(key: str, value: str, like: Any) -> Any:
    try:
        found = _WORDS[value] if isinstance(like, bool) else type(like)(value)
    except (KeyError, ValueError):
        kind = type(like).__name__
        raise UsageError(
            f"settings: {key} = {value or 'nothing'}: not {kind}"
        ) from None
    if isinstance(found, float) and not isfinite(found):
        raise UsageError(f"settings: {key} = {value}: not finite")
    return found
