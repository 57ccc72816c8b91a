"""Settings of the command line: `a.b.0.c=VALUE` over a decoded TOML tree."""

import tomllib
from typing import Any

from tenbin.errors import UsageError


def apply_setting(tree: dict[str, Any], setting: str) -> None:
    """Set one `a.b.0.c=VALUE` in a decoded TOML tree; VALUE is TOML or bare text."""
    path, equals, text = setting.partition("=")
    if not equals or not path:
        raise UsageError(f"expected KEY=VALUE, got {setting!r:.80}")
    try:
        value = tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        value = text
    *parents, last = path.split(".")
    node: Any = tree
    for key in parents:
        node = _child(node, key, path)
    if isinstance(node, list):
        node[_index(node, last, path)] = value
    else:
        node[last] = value


def _child(node: Any, key: str, path: str) -> Any:
    child = (
        node[_index(node, key, path)]
        if isinstance(node, list)
        else node.setdefault(key, {})
    )
    if not isinstance(child, dict | list):
        raise UsageError(f"{path}: {key} is a value, not a table")
    return child


def _index(node: list[Any], key: str, path: str) -> int:
    if not key.isdigit() or int(key) >= len(node):
        choices = ", ".join(str(number) for number in range(len(node)))
        raise UsageError(f"{path}: no entry {key}; choose from {choices}")
    return int(key)
