"""TensorBoard: event files under run_dir/tensorboard."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import final

import numpy as np
import numpy.typing as npt
from PIL import Image
from torch.utils.tensorboard.writer import SummaryWriter

from seqlab.results import EpochRow
from seqlab.trackers.base import Outcome, RunAbout, Tracker, flat_row

TENSORBOARD_DIR = "tensorboard"
_FLUSH_SECONDS = 2


@final
class TensorBoardTracker(Tracker):
    """Scalars over epochs, configuration and summary as text, figures as images."""

    def start(self, about: RunAbout) -> str | None:
        """Begin an event file."""
        folder = about.run_dir / TENSORBOARD_DIR
        self._writer = SummaryWriter(str(folder), flush_secs=_FLUSH_SECONDS)
        self._writer.add_text("config", _as_code(dict(about.config)))
        about_it = {"name": about.name, "tags": [*about.tags], "group": about.group, "job": about.job_type}
        self._writer.add_text("run", _as_code(about_it))
        self._writer.flush()
        return f"tensorboard --logdir {folder}"

    def log(self, row: EpochRow) -> None:
        """Every defined value at its epoch."""
        for name, value in flat_row(row).items():
            if value is not None and name != "epoch":
                self._writer.add_scalar(name, value, global_step=row.epoch)
        self._writer.flush()

    def finish(self, outcome: Outcome) -> None:
        """Summary and figures; the file is closed in any case."""
        try:
            self._writer.add_text("summary", _as_code({"status": outcome.status, **outcome.summary}))
            for figure in outcome.figures:
                self._writer.add_image(figure.stem, _pixels(figure), dataformats="HWC")
        finally:
            self._writer.close()


def _as_code(content: Mapping[str, object]) -> str:
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
    return "\n".join(f"    {line}" for line in text.splitlines())  # an indented block is shown as it is


def _pixels(path: Path) -> npt.NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
