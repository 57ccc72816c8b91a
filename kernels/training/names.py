"""The names of variants: a method, on the host or on a GPU.

adam        on the host, with NumPy
cuda:adam   on a GPU, with CuPy
"""

from collections.abc import Iterable

from tenbin.errors import unknown

ON_DEVICE = "cuda:"


def method(name: str) -> str:
    """Return the method of a variant.

    >>> method("cuda:adam"), method("adam")
    ('adam', 'adam')
    """
    return name.removeprefix(ON_DEVICE)


def canonical(text: str, methods: Iterable[str]) -> str:
    """Return the one spelling of a name; raise UsageError with the choices."""
    name = text.strip().lower()
    if method(name) not in methods:
        choices = [*methods, f"{ON_DEVICE}NAME"]
        raise unknown("training variant", text, choices)
    return name
