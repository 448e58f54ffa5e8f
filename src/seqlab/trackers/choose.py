"""From a name in the configuration to a tracker."""

import importlib.util
import sys
from collections.abc import Callable
from typing import final

from seqlab.config.training import LoggerConfig
from seqlab.errors import UserError
from seqlab.results import EpochRow
from seqlab.trackers.base import Outcome, RunAbout, Tracker
from seqlab.trackers.guard import Guarded


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr)


def make_tracker(config: LoggerConfig, warn: Callable[[str], None] = _to_stderr) -> Tracker:
    """The tracker that `config` chooses. Once started, it never raises.

    Args:
        config: the logger settings.
        warn: takes one line if the tracker fails while the run goes on.

    Raises:
        UserError: if the tracker's package is not installed.
    """
    if config.name == "none" or (config.name == "wandb" and config.wandb.mode == "disabled"):
        return NoTracker()
    if config.name == "wandb":
        from seqlab.trackers.wandb import WandbTracker

        inner: Tracker = WandbTracker(config.wandb)
    elif config.name == "tensorboard":
        require_package(config)
        from seqlab.trackers.tensorboard import TensorBoardTracker

        inner = TensorBoardTracker()
    else:
        from seqlab.trackers.csv import CsvTracker

        inner = CsvTracker()
    return Guarded(inner, config.name, warn)


def require_package(config: LoggerConfig) -> None:
    """Refuse a tracker whose package is not installed, without importing it.

    Raises:
        UserError: for tensorboard without its package; the others are always there.
    """
    if config.name == "tensorboard" and importlib.util.find_spec("tensorboard") is None:
        raise UserError(
            "logger=tensorboard: the package tensorboard is not installed\n"
            "allowed: wandb, csv, none; or install it: pip install 'seqlab[tensorboard]'"
        )


@final
class NoTracker(Tracker):
    """Follows nothing."""

    def start(self, about: RunAbout) -> str | None:
        """Nothing to say."""
        return None

    def log(self, row: EpochRow) -> None:
        """Nothing."""

    def finish(self, outcome: Outcome) -> None:
        """Nothing."""
