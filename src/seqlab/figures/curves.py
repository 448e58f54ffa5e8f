"""Learning curves: loss and monitored metric over the epochs."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from seqlab.figures import style

_AXIS = {
    "loss": "cross-entropy (nats)",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "f1_macro": "macro F1",
    "auroc": "area under the ROC curve",
    "ece": "calibration error",
}
_COLOUR = {"train": style.SKY, "validation": style.BLUE}
_NAME = {"train": "training", "validation": "validation"}
# Beyond this ratio of the largest to the smallest loss, a linear axis hides the end of the curve.
_LOG_RATIO = 30


def learning_curves(rows: Sequence[Mapping[str, Any]], monitor: str, best_epoch: int, path: Path) -> None:
    """Draw loss and monitored metric of training and validation over the epochs; the best epoch is marked.

    Args:
        rows: rows of metrics.jsonl (`EpochRow.to_dict()`); without validation scores, training stands alone.
        monitor: the metric that picks the best epoch; if it is the loss, accuracy stands beside it.
        best_epoch: counted from 1.
        path: the PNG file to write.
    """
    parts = [part for part in _COLOUR if part == "train" or not rows or any(row[part] for row in rows)]
    chosen = "best epoch" if "validation" in parts else "last epoch"
    figure = style.new_figure(9.2, 4.1)
    beside = monitor if monitor != "loss" else "accuracy"
    for panel, metric in enumerate(("loss", beside)):
        axes = figure.add_axes((0.08 + 0.5 * panel, 0.135, 0.4, 0.665))
        _panel(axes, rows, parts, metric, best_epoch)
    figure.legend(
        handles=[
            *(Line2D([], [], color=_COLOUR[part], linewidth=2, label=_NAME[part]) for part in parts),
            Line2D([], [], color=style.ORANGE, marker="o", linestyle=":", markersize=5, label=chosen),
        ],
        loc="upper right",
        bbox_to_anchor=(0.99, 0.935),
        ncols=3,
        frameon=False,
        prop=style.font(8.5),
        handlelength=1.6,
        columnspacing=1.4,
    )
    best = _series(rows, "validation", monitor)[_epochs(rows) == best_epoch]
    value = f" {best[0]:.3f}" if len(best) and math.isfinite(best[0]) else ""
    said = f"Learning curves: best validation {_AXIS.get(monitor, monitor).removesuffix(' (nats)')}{value}"
    measured = "training: over the epoch, dropout on; validation: after the epoch"
    said += f" at epoch {best_epoch} of {len(rows)}"
    if "validation" not in parts:
        said, measured = (
            f"Learning curves: {len(rows)} epochs, no validation part",
            measured.partition(";")[0],
        )
    style.heading(figure, said, measured, left=0.3)
    style.save(figure, path)


def _epochs(rows: Sequence[Mapping[str, Any]]) -> npt.NDArray[np.int64]:
    return np.array([row["epoch"] for row in rows], dtype=np.int64)


def _series(rows: Sequence[Mapping[str, Any]], part: str, metric: str) -> npt.NDArray[np.float64]:
    """Values of a metric; NaN where undefined or not finite."""
    given = [row[part].get(metric) for row in rows]
    values = np.array([math.nan if value is None else value for value in given], dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _panel(
    axes: Axes, rows: Sequence[Mapping[str, Any]], parts: Sequence[str], metric: str, best_epoch: int
) -> None:
    epochs = _epochs(rows)
    series = {part: _series(rows, part, metric) for part in parts}
    together = np.concatenate(list(series.values()))
    together = together[~np.isnan(together)]
    style.quiet_axes(axes)
    style.label(axes, "epoch", _AXIS.get(metric, metric))
    style.count_axis(axes, 10)
    if (
        metric == "loss"
        and len(together)
        and together.min() > 0
        and together.max() / together.min() > _LOG_RATIO
    ):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    if len(together) == 0:
        axes.text(
            0.5, 0.5, "not defined in this run", transform=axes.transAxes, ha="center", color=style.FAINT
        )
        axes.set_xticks([])
        axes.set_yticks([])
        return
    axes.axvline(best_epoch, color=style.ORANGE, linewidth=1.2, linestyle=":", zorder=1)
    few = np.count_nonzero(epochs) <= 3
    for part, values in series.items():
        axes.plot(
            epochs, values, color=_COLOUR[part], linewidth=1.8, marker="o" if few else None, markersize=4
        )
    at_best = series[parts[-1]][epochs == best_epoch]
    axes.plot([best_epoch] * len(at_best), at_best, color=style.ORANGE, marker="o", markersize=5.5, zorder=4)
    if len(epochs) == 1:
        axes.set_xlim(epochs[0] - 1, epochs[0] + 1)
