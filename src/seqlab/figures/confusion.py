"""The confusion matrix: who was taken for whom."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from seqlab.figures import style

COUNTS_UP_TO = 20  # classes
_CELL = 0.44  # inches, as long as there is room
_LARGEST = 9.5  # inches of the whole square
_SMALLEST_FONT = 5.0  # points
_RIGHT = LinearSegmentedColormap.from_list("right", ["#FFFFFF", "#B9D9EE", style.BLUE, "#00456E"])
_WRONG = LinearSegmentedColormap.from_list("wrong", ["#FFFFFF", "#F9CFAE", style.ORANGE, "#8A3C00"])


def confusion_matrix(matrix: npt.NDArray[np.int64], classes: Sequence[str], path: Path) -> None:
    """Draw how often each class (row) was taken for each class (column).

    The diagonal is blue, what is wrong is orange, both the darker the larger their share of the true class; the
    counts stand in the cells up to 20 classes.

    Args:
        matrix: counts [C, C], rows true.
        classes: C names.
        path: the PNG file to write.
    """
    style.save(draw_confusion_matrix(matrix, classes), path)


def draw_confusion_matrix(matrix: npt.NDArray[np.int64], classes: Sequence[str], title: str = "") -> Figure:
    """The figure of `confusion_matrix`; its title can be another one than how many were right.

    Args:
        matrix: counts [C, C], rows true.
        classes: C names.
        title: empty for the share that is right.
    """
    count = len(classes)
    side = min(_CELL * max(count, 3), _LARGEST)
    points = 72 * side / count  # height of a cell
    step = max(1, math.ceil(_SMALLEST_FONT / points))
    size = min(9.0, max(_SMALLEST_FONT, 0.75 * points * step))
    labels = style.names(classes)
    widest = 0.0088 * size * max(map(len, labels))  # inches of the longest name
    upright = widest > 0.9 * side * step / count
    left, below, right, above = widest + 0.7, (widest if upright else 0.12) + 0.55, 0.3, 0.76
    title = title or _title(matrix)
    width = max(left + side + right, 5.6, 0.5 + 0.108 * len(title))
    figure = style.new_figure(width, below + side + above)
    height = below + side + above
    axes = figure.add_axes((left / width, below / height, side / width, side / height))
    _cells(axes, matrix)
    if count <= COUNTS_UP_TO:
        _counts(axes, matrix, size=min(9.0, 0.36 * points))
    ticks = list(range(0, count, step))
    shown = [labels[tick] for tick in ticks]
    axes.set_xticks(
        ticks, shown, rotation=90 if upright else 0, fontproperties=style.font(size), parse_math=False
    )
    axes.set_yticks(ticks, shown, fontproperties=style.font(size), parse_math=False)
    axes.tick_params(length=0, labelcolor=style.INK, pad=3)
    axes.set_xticks(np.arange(count + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(count + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=style.GRID, linewidth=min(0.8, points / 20))
    axes.tick_params(which="minor", length=0)
    for spine in axes.spines.values():
        spine.set_color(style.GRID)
    style.label(axes, "predicted class", "true class")
    style.heading(
        figure,
        title,
        "blue: right; orange: wrong; the darker, the larger its share of the true class",
        left=0.25,
    )
    return figure


def _title(matrix: npt.NDArray[np.int64]) -> str:
    total, right = int(matrix.sum()), int(np.trace(matrix))
    share = f" ({100 * right / total:.1f} %)" if total else ""
    return f"Confusion matrix: {right} of {total} right{share}"


def _cells(axes: Axes, matrix: npt.NDArray[np.int64]) -> None:
    shades = _shades(matrix)
    pixels = np.where(np.eye(len(matrix), dtype=bool)[..., None], _RIGHT(shades), _WRONG(shades))
    axes.imshow(pixels, interpolation="nearest", aspect="equal")


def _shades(matrix: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Share of every cell in its row, lifted so that a single mistake among many can be seen."""
    rows = matrix.sum(axis=1, keepdims=True)
    shares = matrix / np.maximum(rows, 1)
    return np.where(matrix > 0, 0.12 + 0.88 * shares**0.7, 0.0)


def _counts(axes: Axes, matrix: npt.NDArray[np.int64], size: float) -> None:
    shades = _shades(matrix)
    for (row, column), value in np.ndenumerate(matrix):
        if value:
            colour = "white" if shades[row, column] > 0.55 else style.INK
            text = str(value)
            fitted = size * min(1.0, 4.5 / max(len(text), 1))
            axes.text(
                column, row, text, ha="center", va="center", color=colour, fontproperties=style.font(fitted)
            )  # fmt: skip
