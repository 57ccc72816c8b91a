"""The axes of a study: each key holds one value, or a list to sweep."""

from typing import Any

import msgspec

from tenbin.errors import UsageError


def listed(value: Any) -> list[Any]:
    """Return a list as it is, anything else as a list of one."""
    return value if isinstance(value, list) else [value]


def swept(kernel: str, axes: msgspec.Struct) -> dict[str, list[Any]]:
    """Return the values of every key; raise UsageError for an empty list."""
    values = {key: listed(getattr(axes, key)) for key in axes.__struct_fields__}
    for key, value in values.items():
        if not value:
            raise UsageError(f"{kernel}: {key} is an empty list")
    return values
