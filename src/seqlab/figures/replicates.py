"""Replicates as points: every run of every arm, and the same pairs side by side."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqlab.figures import style
from seqlab.figures.looks import (
    EDGE,
    WIDTH,
    FloatArray,
    limits,
    look,
    nothing,
    panel,
    panel_title,
    say,
    whole_or_round,
    wide,
)

_ROW = 0.5  # inches
PANELS_A_ROW = 4
# Beyond these many lines a bundle says no more than its points.
LINES_UP_TO = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """All runs of one arm.

    Args:
        name: of the arm.
        number: of the arm, which decides how it looks.
        values: one a run.
        mean, low, high: with interval; NaN where there is none.
    """

    name: str
    number: int
    values: FloatArray
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two arms over common pairs.

    Args:
        arm, than: their names.
        arm_values, than_values: one a pair; NaN where one is missing.
    """

    arm: str
    than: str
    arm_values: FloatArray
    than_values: FloatArray


def replicates(
    strips: Sequence[Strip], *, references: Mapping[str, float], title: str, note: str, axis: str
) -> Figure:
    """Draw every run as a point, one strip an arm, with mean and interval beneath.

    Args:
        strips: from top to bottom.
        references: what has to be beaten: name -> value, drawn as vertical lines.
        title: of the figure.
        note: fainter, beneath the title.
        axis: what the values mean, with their unit.
    """
    labels = style.names([strip.name for strip in strips], 30)
    left = wide(labels, 9) + 0.45
    body = _ROW * max(len(strips), 1) + 0.1
    above = 0.62 + (0.22 if references else 0.0)
    figure = style.new_figure(WIDTH, body + 0.62 + above)
    axes = panel(figure, left, 0.62, WIDTH - left - 0.35, body)
    axes.grid(visible=False)
    axes.grid(axis="x", color=style.GRID, linewidth=0.8)
    axes.set_ylim(len(strips) - 0.4, -0.6)
    axes.set_yticks(range(len(strips)), labels, fontproperties=style.font(9), parse_math=False)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    every = [*references.values()]
    for y, strip in enumerate(strips):
        drawn = look(strip.number)
        values = strip.values[np.isfinite(strip.values)]
        axes.plot(
            values, y - 0.1 + spread(values), linestyle="none", marker="o", markersize=5.2, color=drawn.colour,
            alpha=0.62, markeredgewidth=0, zorder=3, rasterized=len(values) > 2000,
        )  # fmt: skip
        if math.isfinite(strip.low) and math.isfinite(strip.high):
            axes.plot([strip.low, strip.high], [y + 0.27] * 2, color=style.INK, linewidth=1.5, zorder=3)
        axes.plot([strip.mean], [y + 0.27], marker="D", markersize=4.5, color=style.INK, zorder=4)
        every += [*values, strip.mean, strip.low, strip.high]
    axes.set_xlim(*limits(every))
    _references(axes, references)
    whole_or_round(axes)
    style.label(axes, axis, "")
    style.heading(figure, title, note, left=EDGE)
    return figure


def _references(axes: Axes, references: Mapping[str, float]) -> None:
    low, high = axes.get_xlim()
    top = axes.get_ylim()[1]
    shown = [(name, value) for name, value in references.items() if math.isfinite(value)]
    for level, (name, value) in enumerate(sorted(shown[:3], key=lambda item: item[1])):
        axes.axvline(value, color=style.FAINT, linestyle=(0, (4, 3)), linewidth=1.1, zorder=1)
        ha = "left" if value < low + 0.7 * (high - low) else "right"
        say(
            axes,
            value,
            top - 0.1 - 0.28 * level,
            style.shorten(name, 34),
            size=7.5,
            color=style.FAINT,
            ha=ha,
            va="bottom",
        )


def spread(values: FloatArray) -> FloatArray:
    """Small offsets that keep points apart: the more neighbours a point has, the further; the same every time."""
    offsets = np.zeros(len(values))
    if len(values) < 2:
        return offsets
    order = np.argsort(values, kind="stable")
    wide_as = max(float(np.ptp(values)), 1e-12) / 45
    run_start, previous = 0, -math.inf
    for rank, place in enumerate(order):
        if values[place] - previous > wide_as:
            run_start = rank
        previous = float(values[place])
        k = rank - run_start
        offsets[place] = (k + 1) // 2 * (0.1 if k % 2 else -0.1)
    largest = float(np.abs(offsets).max())
    return offsets * (0.26 / largest) if largest > 0.26 else offsets


def paired_lines(
    pairs: Sequence[Pair], *, higher_is_better: bool, pairs_are: str, title: str, note: str, axis: str
) -> Figure:
    """Draw the same pairs of two arms joined by lines: blue where the arm in question is better, orange where worse.

    Args:
        pairs: one panel each.
        higher_is_better: whether more is better.
        pairs_are: what the pairs are, in the plural.
        title: of the figure.
        note: fainter, beneath the title.
        axis: what the values mean, with their unit.
    """
    columns = min(max(len(pairs), 2), PANELS_A_ROW)
    rows = math.ceil(max(len(pairs), 1) / columns)
    height, gap = 2.1, 0.72
    figure = style.new_figure(WIDTH, 0.72 + rows * (height + gap))
    width = (WIDTH - 0.8) / columns
    every = limits([v for pair in pairs for side in (pair.arm_values, pair.than_values) for v in side])
    for place, pair in enumerate(pairs):
        row, column = divmod(place, columns)
        below = (rows - 1 - row) * (height + gap) + 0.45
        axes = panel(figure, 0.75 + column * width, below, width - 0.35, height)
        _panel(axes, pair, higher_is_better, pairs_are)
        axes.set_ylim(*every)
        whole_or_round(axes, "y", 6)
        if column:
            axes.tick_params(axis="y", labelleft=False)
        else:
            style.label(axes, "", axis)
    style.heading(figure, title, note, left=EDGE)
    return figure


def _panel(axes: Axes, pair: Pair, higher_is_better: bool, pairs_are: str) -> None:
    both = np.isfinite(pair.arm_values) & np.isfinite(pair.than_values)
    arm, than = pair.arm_values[both], pair.than_values[both]
    gain = (arm - than) * (1 if higher_is_better else -1)
    axes.set_xlim(-0.28, 1.28)
    axes.set_xticks(
        [0, 1], style.names([pair.than, pair.arm], 16), fontproperties=style.font(8.5), parse_math=False
    )
    axes.tick_params(axis="x", length=0)
    if not len(gain):
        nothing(axes, "no pair in common")
        return
    panel_title(axes, f"better in {int((gain > 0).sum())} of {len(gain)} {pairs_are}")
    for a, b, g in zip(arm, than, gain, strict=True):
        colour = style.BLUE if g > 0 else style.ORANGE if g < 0 else style.FAINT
        if len(gain) <= LINES_UP_TO:
            axes.plot([0, 1], [b, a], color=colour, linewidth=1.2, alpha=0.75, zorder=2)
        axes.plot(
            [0, 1], [b, a], color=colour, marker="o", markersize=4, linestyle="none", alpha=0.85, zorder=3
        )
    axes.plot(
        [0, 1], [than.mean(), arm.mean()], color=style.INK, linewidth=2.4, marker="D", markersize=5, zorder=4
    )
