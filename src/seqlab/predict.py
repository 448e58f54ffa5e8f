"""Using a trained run: predict new sequences, and score a part of its data again."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from seqlab import files
from seqlab.checkpoint import Checkpoint, load_checkpoint
from seqlab.config.registry import load as load_part
from seqlab.config.registry import part as registered
from seqlab.data.batches import BatchLoader, PackedSequences
from seqlab.data.module import SequenceData
from seqlab.data.preparation import Preparation
from seqlab.errors import UserError
from seqlab.evaluation import PartScores, outputs_on, score_part
from seqlab.experiment.artifacts import PartPredictions
from seqlab.experiment.fitting import threads
from seqlab.model import SequenceModel
from seqlab.quiet import quiet_libraries
from seqlab.readers import from_arrays
from seqlab.readers.reading import Reading, Understood
from seqlab.readers.understanding import understand
from seqlab.results import BEST_CHECKPOINT, read_result
from seqlab.sequences import Sequences


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """What a model said of N sequences.

    Args:
        labels: the most probable class of each, as text.
        probabilities: [N, C], in the order of `classes`.
        classes: C names.
    """

    labels: list[str]
    probabilities: npt.NDArray[np.float64]
    classes: list[str]


class TrainedModel:
    """The best epoch of a run, ready to predict. Made by `seqlab.load(RUN_DIR)`.

    Args:
        checkpoint: what was stored.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.experiment = checkpoint.experiment
        self.classes = list(checkpoint.spec.classes)
        self.preparation = Preparation.from_dict(checkpoint.preparation)
        self.features = list(self.preparation.features)
        self.network = SequenceModel(checkpoint.experiment, checkpoint.spec)
        if checkpoint.experiment.trainer.precision == "64-true":
            self.network.double()
        self.network.load_state_dict(checkpoint.weights)
        self.network.eval()

    def predict(self, sequences: Sequence[Any]) -> Predictions:
        """Predict a list of arrays [T_i, F] (or [T_i] for a single feature), or of texts.

        Raises:
            UserError: for a sequence that is empty, not numeric, infinite, or has another number of features, and
                for NaN (a missing value) where training accepted none.
        """
        probabilities = self._probabilities(from_arrays(sequences))
        labels = [self.classes[c] for c in probabilities.argmax(axis=1)]
        return Predictions(labels=labels, probabilities=probabilities, classes=self.classes)

    def predict_sequences(self, sequences: Sequences) -> PartPredictions:
        """Predict sequences that were read from a file; labels found there stand beside the predictions."""
        numbers = {name: c for c, name in enumerate(self.classes)}
        known = sequences.labels is not None and all(label in numbers for label in sequences.labels)
        true = np.array([numbers[label] for label in sequences.labels or ()]) if known else None
        return PartPredictions(
            split="new", ids=sequences.ids, true=true, probabilities=self._probabilities(sequences)
        )

    def _probabilities(self, sequences: Sequences) -> npt.NDArray[np.float64]:
        packed = PackedSequences(self.preparation.apply(sequences), None)
        size = self.experiment.data.batch_size
        with quiet_libraries(), threads(self.experiment.trainer.threads):
            outputs, _ = outputs_on(
                self.network, BatchLoader(packed, np.arange(len(sequences)), batch_size=size)
            )
        return self.network.task.probabilities(outputs.double()).numpy()


def load(run_dir: str | Path) -> TrainedModel:
    """The trained model of a run directory, at its best epoch.

    Raises:
        UserError: if there is no finished run, or its parts come from a package that is not switched on.
    """
    return TrainedModel(load_checkpoint(Path(run_dir) / BEST_CHECKPOINT))


def understood_like(run_dir: Path, file: Path) -> Understood:
    """New sequences in a table, read as the run's own were: columns mean what they meant there, by their names.

    Args:
        run_dir: a run directory, trained on tables.
        file: CSV, TSV, Parquet or Arrow, with labels or without.

    Raises:
        UserError: if the run's data were no tables, or the file cannot be read or lacks a column.
    """
    checkpoint = load_checkpoint(run_dir / BEST_CHECKPOINT)
    if checkpoint.reading is None:
        raise UserError(
            f"{file}: a table, but {run_dir} was trained on none (data={checkpoint.experiment.data.kind}), which "
            "tells nothing of its columns\n"
            "expected: a .ts file (UCR/UEA archive), or an .npz file with an array X [N, T, F] or [N, T]"
        )
    return understand(file, Reading(**checkpoint.reading), labelled=False)


def predict_table(run_dir: Path, sequences: Sequences) -> tuple[pa.Table, list[str]]:
    """Predict sequences that were read from a file.

    Args:
        run_dir: a run directory.
        sequences: of any number, with or without labels.

    Returns:
        Columns id, true (where the file has labels that training knew), predicted, p_<class>; and sentences on what
        was changed in the sequences, counted.
    """
    model = load(run_dir)
    predictions = model.predict_sequences(sequences)
    table = predictions.table(model.classes).drop_columns(["split"])
    if predictions.true is None:
        table = table.drop_columns(["true"])
    return table, model.preparation.changes(sequences)


def write_table(table: pa.Table, out: Path) -> None:
    """Write predictions as .csv or .parquet, by the suffix of `out`, whole or not at all."""
    write = pyarrow.csv.write_csv if out.suffix == ".csv" else pq.write_table
    files.write_whole(out, lambda draft: write(table, draft))


def evaluate(run_dir: Path, part: str = "validation", directory: str | None = None) -> PartScores:
    """Score a part of a run's data again, with the weights of its best epoch.

    The digits are those of result.json: same data, same preparation, same batches, same threads.

    Args:
        run_dir: a run directory.
        part: "validation" or "test".
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
        was, now = read_result(run_dir).data["content_hash"], data.facts()["content_hash"]
        if was != now:
            raise UserError(
                f"{run_dir}: the data {data.source.name!r} are not the ones this run was trained on"
            )
        if part == "test":
            data.test_loader()
            was, now = read_result(run_dir).data.get("test_hash"), data.facts()["test_hash"]
            if was not in (None, now):
                raise UserError(f"{run_dir}: the test part is not the one that this run was scored on")
            return score_part(model.network, data.test_loader(), model.classes, data.ids("test"))
        return score_part(model.network, data.validation_loader(), model.classes, data.ids("validation"))
