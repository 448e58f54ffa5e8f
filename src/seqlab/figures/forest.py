"""Differences with their intervals and the margin: whether it matters, at a glance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqlab.figures import style
from seqlab.figures.looks import EDGE, WIDTH, WORD_COLOUR, limits, panel, say, whole_or_round, wide

_ROW, _GROUP = 0.42, 0.36  # inches
_MARGIN = "#DDEFE8"
_WORDS = {"same": "the same", "open": "not enough evidence"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One difference.

    Args:
        label: who against whom.
        note: fainter, beneath the label.
        value, low, high: by how much the first is better (above 0) or worse; NaN where there is no interval.
        word: better, worse, same or open.
        numbers: the same in words, for the right edge.
        group: under which heading it stands; empty for none.
    """

    label: str
    value: float
    low: float
    high: float
    word: str
    numbers: str
    note: str = ""
    group: str = ""


def forest(lines: Sequence[Line], *, margin: float, title: str, note: str, axis: str) -> Figure:
    """Draw one interval a line, with the band in which a difference does not matter.

    Args:
        lines: from top to bottom; those of one group follow each other.
        margin: the band reaches from minus this to this, in units of the values; 0 for none.
        title: of the figure.
        note: fainter, beneath the title.
        axis: what the values mean, with their unit.
    """
    labels = [style.shorten(line.label, 44) for line in lines]
    rights = [line.numbers for line in lines]
    groups = [line.group for line in lines]
    heads = sum(1 for i, group in enumerate(groups) if group and (i == 0 or groups[i - 1] != group))
    left = min(max(wide(labels, 9), wide([style.shorten(line.note, 52) for line in lines], 7.5)) + 0.4, 3.9)
    right = max(wide(rights, 8.5), wide([_WORDS.get(line.word, line.word) for line in lines], 9.4)) + 0.35
    body = _ROW * len(lines) + _GROUP * heads + 0.1
    figure = style.new_figure(WIDTH, body + 1.32)
    axes = panel(figure, left, 0.62, WIDTH - left - right, body)
    axes.grid(visible=False)
    axes.grid(axis="x", color=style.GRID, linewidth=0.8)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    if margin > 0:
        axes.axvspan(-margin, margin, color=_MARGIN, zorder=0, linewidth=0)
    axes.axvline(0, color=style.FAINT, linewidth=1.0, zorder=1)
    depth = 0.0
    for i, line in enumerate(lines):
        if line.group and (i == 0 or groups[i - 1] != line.group):
            depth += _GROUP
            say(
                axes, -left / (WIDTH - left - right) + 0.03, depth - 0.1, line.group, size=9, weight="bold", across=True
            )  # fmt: skip
        depth += _ROW
        _row(axes, line, labels[i], depth - _ROW / 2)
    axes.set_ylim(body, 0)
    ends = [end for line in lines for end in (line.value, line.low, line.high)]
    axes.set_xlim(*limits([*ends, 0.0, -1.15 * margin, 1.15 * margin]))
    whole_or_round(axes)
    style.label(axes, axis, "")
    style.heading(figure, title, note, left=EDGE)
    return figure


def _row(axes: Axes, line: Line, label: str, y: float) -> None:
    colour = WORD_COLOUR.get(line.word, style.INK)
    if math.isfinite(line.low) and math.isfinite(line.high):
        axes.plot([line.low, line.high], [y, y], color=colour, linewidth=2.2, solid_capstyle="butt", zorder=3)
        for end in (line.low, line.high):
            axes.plot([end, end], [y - 0.055, y + 0.055], color=colour, linewidth=1.6, zorder=3)
    if np.isfinite(line.value):
        face = "white" if line.word == "open" else colour
        axes.plot(
            [line.value], [y], marker="o", markersize=6.5, color=colour, markerfacecolor=face, markeredgewidth=1.8,
            zorder=4, linestyle="none",
        )  # fmt: skip
    lifted = 0.085 if line.note else 0.0
    say(axes, -0.02, y - lifted, label, size=9, ha="right", across=True)
    if line.note:
        note = style.shorten(line.note, 52)
        say(axes, -0.02, y + 0.1, note, size=7.5, color=style.FAINT, ha="right", across=True)
    say(
        axes,
        1.02,
        y - 0.08,
        _WORDS.get(line.word, line.word),
        size=8.5,
        color=colour,
        weight="bold",
        across=True,
    )
    say(axes, 1.02, y + 0.085, line.numbers, size=8.5, across=True)
