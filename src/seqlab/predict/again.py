"""A part of a run's data again, exactly as the run saw it: what scoring and explaining begin with."""

import contextlib
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from seqlab.checkpoint import load_checkpoint
from seqlab.config.registry import load as load_part
from seqlab.config.registry import part as registered
from seqlab.data.batches import BatchLoader
from seqlab.data.module import SequenceData
from seqlab.errors import UserError
from seqlab.evaluation import PartScores, score_part
from seqlab.experiment.fitting import threads
from seqlab.predict.trained import TrainedModel
from seqlab.quiet import quiet_libraries
from seqlab.results import BEST_CHECKPOINT, RunResult, read_result

Part = Literal["validation", "test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A run with one part of its data.

    Args:
        result: what the run left.
        model: at its best epoch.
        data: split and prepared as the run had them.
        part: which part.
    """

    result: RunResult
    model: TrainedModel
    data: SequenceData
    part: Part

    @property
    def loader(self) -> BatchLoader:
        """The batches of the part, in order."""
        return self.data.test_loader() if self.part == "test" else self.data.validation_loader()

    def score(self) -> PartScores:
        """The digits of result.json: same data, same preparation, same batches, same threads."""
        return score_part(self.model.network, self.loader, self.model.classes, self.data.ids(self.part))


@contextlib.contextmanager
def again(run_dir: Path, part: Part, directory: str | None = None) -> Generator[Again]:
    """A run and a part of its data, with the run's threads while it lasts.

    Args:
        run_dir: a run directory.
        part: validation or test; the test part is read for the latter alone.
        directory: where this machine keeps downloaded data sets; None: where the run found them.

    Raises:
        UserError: if there is no run, it has no such part, or its data are not what they were.
    """
    checkpoint = load_checkpoint(run_dir / BEST_CHECKPOINT)
    experiment = checkpoint.experiment
    if part == "validation" and not experiment.data.validates:
        raise UserError(
            f"{run_dir}: there is no validation part; the run was trained on all of the training file "
            "(data.validation_fraction=0)\nallowed: --part test"
        )
    experiment.data.directory = directory or experiment.data.directory
    source = load_part(registered("data", experiment.data.kind).target)(experiment.data)
    model = TrainedModel(checkpoint)
    data = SequenceData(
        source,
        experiment.data,
        experiment.seed,
        preparation=model.preparation,
        overfit_batches=experiment.trainer.overfit_batches,
    )
    with quiet_libraries(), threads(experiment.trainer.threads):
        result = read_result(run_dir)
        if result.data["content_hash"] != data.facts()["content_hash"]:
            raise UserError(
                f"{run_dir}: the data {data.source.name!r} are not the ones this run was trained on"
            )
        if part == "test":
            data.test_loader()
            was, now = result.data.get("test_hash"), data.facts()["test_hash"]
            if was not in (None, now):
                raise UserError(f"{run_dir}: the test part is not the one that this run was scored on")
        yield Again(result=result, model=model, data=data, part=part)


def evaluate(run_dir: Path, part: Part = "validation", directory: str | None = None) -> PartScores:
    """Score a part of a run's data again, with the weights of its best epoch.

    Args:
        run_dir: a run directory.
        part: validation or test.
        directory: where this machine keeps downloaded data sets; None: where the run found them.

    Raises:
        UserError: if there is no run, it has no such part, or its data are not what they were.
    """
    with again(run_dir, part, directory) as run:
        return run.score()
