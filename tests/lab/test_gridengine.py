"""The whole life of a campaign on a real Grid Engine of four virtual hosts."""

import sys
from pathlib import Path

import pytest

from tests.lab.queues import queue, why_not
from tests.lab.scenario import Setting, run_scenario

WHY_NOT = why_not()
PROFILE = """\
name = "lab"
base = "generic-gridengine"
setup = ["export PATH=@:$PATH"]

[node]
cores = 2
ranks_per_node = 2
"""


@pytest.mark.slow
@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
def test_a_hurt_campaign_is_resumed_to_completion(tmp_path: Path) -> None:
    own = str(Path(sys.executable).parent)
    (tmp_path / "lab.toml").write_text(PROFILE.replace("@", own))

    with queue("gridengine") as environment:
        run_scenario(
            Setting(
                folder=tmp_path,
                machine="./lab.toml",
                study="quick",
                short="1m",
                options=("--launches", "1", "--set", "measure.budget_s=0.5"),
                environment=environment,
            )
        )
