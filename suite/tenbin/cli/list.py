"""tenbin list: what is here."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from tenbin.kernel import Kernel


@click.command(short_help="What is here: kernels, variants, presets, studies.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def command(form: str) -> int:
    """List the kernels with their variants, dtypes and presets, and the studies."""
    from tenbin.study import BUNDLED

    studies = sorted(path.stem for path in BUNDLED.glob("*.toml"))
    kernels = _kernels()
    if form == "json":
        click.echo(json.dumps({"kernels": kernels, "studies": studies}, indent=2))
        return 0
    for name, kernel in kernels.items():
        click.echo(f"{name}: {kernel['summary']}")
        for key in ("variants", "dtypes", "scalings", "presets", "keys"):
            click.echo(f"  {key:<10}{', '.join(map(str, kernel[key]))}")
        for variant, settings in kernel["settings"].items():
            usual = (f"{key}={_told(value)}" for key, value in settings.items())
            click.echo(f"  settings of {variant}: {', '.join(usual)}")
    click.echo(f"studies: {', '.join(studies)}")
    return 0


def _kernels() -> dict[str, dict[str, Any]]:
    from tenbin.kernels import KERNELS, load

    loaded = {name: load(name) for name in KERNELS}
    return {
        name: {
            "summary": kernel.summary,
            "variants": list(kernel.variants),
            "dtypes": list(kernel.dtypes),
            "scalings": list(kernel.scalings),
            "presets": [f"{key} ({len(p)})" for key, p in kernel.presets.items()],
            "keys": list(kernel.axes.__struct_fields__),
            "settings": _settings(kernel),
        }
        for name, kernel in loaded.items()
    }


def _settings(kernel: "Kernel") -> Mapping[str, Mapping[str, Any]]:
    """Return the settings of every variant; none without the MPI that these import."""
    try:
        return kernel.settings()
    except (ImportError, RuntimeError):
        return {}


def _told(value: Any) -> str:
    """Return a value as settings spell it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
