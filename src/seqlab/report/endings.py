"""Where training ended: which epoch of a run was its best, out of how many that it was allowed."""

from collections.abc import Mapping
from typing import Any

import yaml

from seqlab.config.build import leaves
from seqlab.report.effort import Ending
from seqlab.results import CONFIG_FILE, RunResult

# Their rate falls to nothing at the last epoch, so that the best epoch is near the end however many there are.
_ENDING_SCHEDULES = ("cosine", "one_cycle")


def settings_of(result: RunResult) -> dict[str, Any]:
    """All settings of a run: dotted key -> value."""
    return leaves(yaml.safe_load((result.run_dir / CONFIG_FILE).read_text(encoding="utf-8")))


def ending_of(result: RunResult, settings: Mapping[str, Any]) -> Ending | None:
    """Where a run ended; None where its best epoch says nothing of more epochs.

    That is so without a validation part, and where the schedule of the learning rate ends with the epochs.

    Args:
        result: of the run.
        settings: dotted key -> value.
    """
    allowed, best = settings.get("trainer.max_epochs"), result.epochs.get("best")
    if allowed is None or best is None or "validation" not in result.metrics:
        return None
    if settings.get("scheduler.name") in _ENDING_SCHEDULES:
        return None
    return Ending(best=int(best), run=int(result.epochs["run"]), allowed=int(allowed))
