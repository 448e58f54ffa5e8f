"""What the folds of a kept trial have left, gathered in the trial's own directory: predictions and baselines."""

import statistics
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from seqlab import files
from seqlab.results import PREDICTIONS_FILE, RunResult, Scores, read_result


def gather(trial: Path, folds: Sequence[Path]) -> None:
    """Put the folds' out-of-fold predictions into one table, and the means of their baselines into the trial's result.

    Args:
        trial: directory of the trial, whose result is there.
        folds: directories of its folds, in order, each with predictions.parquet.

    Raises:
        OSError: if the disk takes no more.
    """
    tables: list[pa.Table] = []
    for number, fold in enumerate(folds):
        table = pq.read_table(fold / PREDICTIONS_FILE)
        tables.append(table.add_column(0, "fold", pa.array([number] * table.num_rows, pa.int64())))
    result = read_result(trial)
    result.baselines = _means([read_result(fold) for fold in folds])
    result.write()
    whole = pa.concat_tables(tables, promote_options="default")
    files.write_whole(trial / PREDICTIONS_FILE, lambda draft: pq.write_table(whole, draft))


def _means(results: Sequence[RunResult]) -> dict[str, dict[str, Scores]]:
    """Baseline -> part -> metric -> its mean over the folds, undefined where it is in one of them."""
    return {
        name: {
            part: {metric: _mean([r.baselines[name][part][metric] for r in results]) for metric in scores}
            for part, scores in parts.items()
        }
        for name, parts in results[0].baselines.items()
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if len(known) == len(values) else None
