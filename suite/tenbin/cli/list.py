"""tenbin list: what is here."""

import json
from typing import Any

import click


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
        }
        for name, kernel in loaded.items()
    }
