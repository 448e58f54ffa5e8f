"""A trained run as a model that predicts sequences."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from seqlab.checkpoint import Checkpoint, load_checkpoint
from seqlab.data.batches import BatchLoader, PackedSequences
from seqlab.data.preparation import Preparation
from seqlab.evaluation import outputs_on
from seqlab.experiment.artifacts import PartPredictions
from seqlab.experiment.fitting import threads
from seqlab.model import SequenceModel
from seqlab.quiet import quiet_libraries
from seqlab.readers import from_arrays
from seqlab.results import BEST_CHECKPOINT
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
        self.longest = checkpoint.spec.longest
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

    def predict_sequences(self, sequences: Sequences) -> pa.Table:
        """Predict sequences that were read from a file.

        Returns:
            Columns id, true (if there are labels: as they are, known to training or not), predicted, p_<class>.
        """
        found = PartPredictions(
            split="new", ids=sequences.ids, true=None, probabilities=self._probabilities(sequences)
        )
        table = found.table(self.classes).drop_columns(["split", "true"])
        if sequences.labels is None:
            return table
        return table.add_column(1, "true", pa.array(list(sequences.labels), pa.string()))

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
