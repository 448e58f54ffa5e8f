"""What a finished run leaves beside its numbers: predictions.parquet and the figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from seqlab import files
from seqlab.figures.confusion import confusion_matrix
from seqlab.figures.curves import learning_curves
from seqlab.figures.gradients import gradient_profile
from seqlab.results import EpochRow

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPredictions:
    """What was predicted for a part.

    Args:
        split: "validation", "test", or "new" for sequences that came later.
        ids: N names.
        true: N class numbers, or None where they are not known.
        probabilities: [N, C].
    """

    split: str
    ids: Sequence[str]
    true: npt.NDArray[np.int64] | None
    probabilities: FloatArray

    def table(self, classes: Sequence[str]) -> pa.Table:
        """Columns id, split, true (null where unknown), predicted, and p_<class> for every class."""
        names = np.asarray(classes, dtype=object)
        true = [None] * len(self.ids) if self.true is None else names[self.true].tolist()
        columns: dict[str, pa.Array] = {
            "id": pa.array(list(self.ids), pa.string()),
            "split": pa.array([self.split] * len(self.ids), pa.string()),
            "true": pa.array(true, pa.string()),
            "predicted": pa.array(names[self.probabilities.argmax(axis=1)].tolist(), pa.string()),
        }
        columns |= {f"p_{name}": pa.array(self.probabilities[:, c]) for c, name in enumerate(classes)}
        return pa.table(columns)


def write_predictions(path: Path, parts: Sequence[PartPredictions], classes: Sequence[str]) -> pa.Table:
    """Write the parts one after the other as Parquet, and return the table."""
    table = pa.concat_tables([part.table(classes) for part in parts])
    files.write_whole(path, lambda draft: pq.write_table(table, draft))
    return table


def write_figures(
    folder: Path,
    *,
    rows: Sequence[EpochRow],
    monitor: str,
    best_epoch: int,
    confusions: Mapping[str, npt.NDArray[np.int64]],
    classes: Sequence[str],
    profiles: Mapping[str, FloatArray],
) -> list[Path]:
    """Draw learning curves, a confusion matrix a part, and gradient profiles; returns the files."""
    made = [folder / "learning_curves.png"]
    learning_curves([row.to_dict() for row in rows], monitor, best_epoch, made[0])
    for part, matrix in confusions.items():
        made.append(folder / f"confusion_{part}.png")
        confusion_matrix(matrix, classes, made[-1])
    made.append(folder / "gradient_by_time_step.png")
    gradient_profile(profiles, made[-1])
    return made
