"""Learning curves of several replicates: the median as a line, all of them as a band."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from seqlab.figures import style
from seqlab.figures.looks import (
    EDGE,
    WIDTH,
    FloatArray,
    limits,
    log_ticks,
    nothing,
    panel,
    panel_title,
    whole_or_round,
)

COLUMNS = 4
_COLOUR = {"train": style.SKY, "validation": style.BLUE}
_NAME = {"train": "training", "validation": "validation"}
# Beyond this ratio of the largest to the smallest loss, a linear axis hides the end of the curve.
_LOG_RATIO = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Of one arm: part (train, validation) -> values [R, E], NaN where a replicate had ended or was undefined."""

    name: str
    parts: Mapping[str, FloatArray] = field(default_factory=dict)


def learning_bands(arms: Sequence[Curves], *, measure: str, title: str, note: str) -> Figure:
    """Draw one panel an arm, all on the same axes: median over replicates, and from the smallest to the largest.

    Args:
        arms: one panel each.
        measure: what is drawn, with its unit.
        title: of the figure.
        note: fainter, beneath the title.
    """
    columns = min(max(len(arms), 2), COLUMNS)
    rows = math.ceil(max(len(arms), 1) / columns)
    height, gap = 1.75, 0.88
    figure = style.new_figure(WIDTH, 0.62 + rows * (height + gap))
    width = (WIDTH - 0.85) / columns
    every = np.concatenate([values.ravel() for arm in arms for values in arm.parts.values()] or [np.zeros(0)])
    every = every[np.isfinite(every)]
    log = bool(len(every)) and every.min() > 0 and every.max() / every.min() > _LOG_RATIO
    longest = max((values.shape[1] for arm in arms for values in arm.parts.values()), default=1)
    for place, arm in enumerate(arms):
        row, column = divmod(place, columns)
        below = (rows - 1 - row) * (height + gap) + 0.55
        axes = panel(figure, 0.8 + column * width, below, width - 0.25, height)
        panel_title(axes, style.shorten(arm.name, 24))
        if not any(np.isfinite(values).any() for values in arm.parts.values()):
            nothing(axes, "no values")
            continue
        for part, values in arm.parts.items():
            _band(axes, part, values)
        if log:
            axes.set_yscale("log")
            ends = (float(every.min()) / 1.2, float(every.max()) * 1.2)
            axes.yaxis.set_major_locator(FixedLocator(log_ticks(*ends)))
            axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            axes.yaxis.set_minor_locator(NullLocator())
            axes.set_ylim(*ends)
        else:
            axes.set_ylim(*limits(every))
            whole_or_round(axes, "y", 5)
        axes.set_xlim(*(limits([1, longest], 0.03) if longest > 1 else (0, 2)))
        style.count_axis(axes, 6)
        style.label(
            axes, "epoch" if row == rows - 1 or place + columns >= len(arms) else "", measure * (not column)
        )
        if column:
            axes.tick_params(axis="y", labelleft=False)
    parts = [part for part in _COLOUR if any(part in arm.parts for arm in arms)]
    _legend(figure, parts)
    style.heading(figure, title, note, left=EDGE)
    return figure


def _band(axes: Axes, part: str, values: FloatArray) -> None:
    epochs = np.arange(1, values.shape[1] + 1)
    counts = np.isfinite(values).sum(axis=0)
    there = counts >= max(1, math.ceil(counts.max() / 2))  # few that train longer are no median of all
    epochs, values = epochs[there], values[:, there]
    low, middle, high = np.nanmin(values, axis=0), np.nanmedian(values, axis=0), np.nanmax(values, axis=0)
    colour = _COLOUR.get(part, style.INK)
    if values.shape[0] > 1:
        axes.fill_between(epochs, low, high, color=colour, alpha=0.25, linewidth=0, zorder=2)
    few = np.isfinite(middle).sum() <= 3
    axes.plot(
        epochs,
        middle,
        color=colour,
        linewidth=1.8,
        zorder=3,
        marker="o" if few else None,
        markersize=4,
        label=part,
    )


def _legend(figure: Figure, parts: Sequence[str]) -> None:
    handles = [Line2D([], [], color=_COLOUR[part], linewidth=2.4, label=_NAME[part]) for part in parts]
    if handles:
        height = figure.get_size_inches()[1]
        figure.legend(
            handles=handles, loc="upper right", bbox_to_anchor=(0.985, 1 - 0.12 / height), ncols=2, frameon=False,
            prop=style.font(8.5), handlelength=1.6, columnspacing=1.4, borderaxespad=0,
        )  # fmt: skip
