"""How the arms of a comparison look in every figure, and what their figures share: text, room, round numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator, ScalarFormatter

from seqlab.figures import style

FloatArray = npt.NDArray[np.float64]
WIDTH, EDGE = 9.5, 0.06  # inches: of a figure that takes the whole column, and left of its title
AMBER, OPEN = "#E69F00", "#6B6B6B"
# What a verdict looks like; its word stands beside it, so that colour alone says nothing.
WORD_COLOUR = {"better": style.BLUE, "worse": style.ORANGE, "same": style.GREEN, "open": OPEN}
_COLOURS = (style.BLUE, style.ORANGE, style.GREEN, style.PURPLE, style.SKY, AMBER, style.INK)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
Dash = Literal["-", "--", ":"]
_DASHES: tuple[Dash, ...] = ("-", "--", ":")
# Width of a letter as a share of its height, on average; with room to spare.
_LETTER = 0.0086


@dataclass(frozen=True, slots=True)
class Look:
    """Of one arm: the colour repeats after seven arms, then the line is broken differently."""

    colour: str
    marker: str
    dash: Dash


def look(number: int) -> Look:
    """How the arm of a number (from 0) is drawn, in every figure alike."""
    turn = number // len(_COLOURS)
    return Look(
        _COLOURS[number % len(_COLOURS)],
        _MARKERS[(number + turn) % len(_MARKERS)],
        _DASHES[turn % len(_DASHES)],
    )


def wide(texts: Sequence[str], size: float) -> float:
    """Inches that the longest of some texts takes at a size in points."""
    return _LETTER * size * max((len(text) for text in texts), default=0)


def say(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    size: float = 8.5,
    color: str = style.INK,
    weight: str = "normal",
    ha: str = "left",
    va: str = "center",
    across: bool = False,
) -> None:
    """Text at a place of the axes' data; `across`: x is a share of the axes' width instead."""
    axes.text(
        x, y, style.printable(text), ha=ha, va=va, color=color, fontproperties=style.font(size, weight),
        parse_math=False, transform=axes.get_yaxis_transform() if across else axes.transData,
    )  # fmt: skip


def panel(figure: Figure, left: float, below: float, width: float, height: float) -> Axes:
    """Axes at a place given in inches."""
    whole_width, whole_height = figure.get_size_inches()
    axes = figure.add_axes(
        (left / whole_width, below / whole_height, width / whole_width, height / whole_height)
    )
    style.quiet_axes(axes)
    return axes


def panel_title(axes: Axes, text: str, color: str = style.INK) -> None:
    """A name above one of several panels."""
    axes.set_title(
        style.printable(text), loc="left", fontproperties=style.font(9.5, "bold"), color=color, pad=6,
        parse_math=False,
    )  # fmt: skip


def nothing(axes: Axes, text: str) -> None:
    """An empty panel that says why it is empty."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(
        0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=style.FAINT,
        fontproperties=style.font(9), parse_math=False,
    )  # fmt: skip


def legend(figure: Figure, entries: Sequence[tuple[str, Look]], left: float, top: float) -> None:
    """Names beside their lines, from the upper left corner (in inches from the bottom) downwards."""
    if not entries:
        return
    width, height = figure.get_size_inches()
    handles = [
        Line2D(
            [], [], color=look.colour, linestyle=look.dash, marker=look.marker, markersize=4.5, linewidth=1.8
        )
        for _, look in entries
    ]
    made = figure.legend(
        handles=handles, labels=style.names([name for name, _ in entries], 22), loc="upper left",
        bbox_to_anchor=(left / width, top / height), frameon=False, prop=style.font(8.5), handlelength=2.4,
        borderaxespad=0, labelspacing=0.55,
    )  # fmt: skip
    for text in made.get_texts():
        text.set_parse_math(False)


def limits(
    values: Sequence[float] | FloatArray, room: float = 0.06, least: float = 0.0
) -> tuple[float, float]:
    """Ends of an axis that hold all finite values, with some room; wide enough if all are the same."""
    data = np.asarray(values, dtype=np.float64)
    data = data[np.isfinite(data)]
    low, high = (float(data.min()), float(data.max())) if len(data) else (0.0, 1.0)
    span = max(high - low, least, 1e-9 * max(abs(low), abs(high)), 1e-12)
    if high - low < span:
        middle = (low + high) / 2
        low, high = middle - span / 2, middle + span / 2
        if high <= low:
            low, high = middle - 0.5, middle + 0.5
    return low - room * (high - low), high + room * (high - low)


def whole_or_round(axes: Axes, along: str = "x", ticks: int = 7) -> None:
    """Few, round ticks on an axis."""
    axis = axes.xaxis if along == "x" else axes.yaxis
    axis.set_major_locator(MaxNLocator(nbins=ticks, steps=[1, 2, 2.5, 5, 10]))
    formatter = ScalarFormatter(useOffset=False)
    formatter.set_powerlimits((-4, 6))
    axis.set_major_formatter(formatter)


def log_x(axes: Axes, values: Sequence[float]) -> None:
    """A logarithmic x axis over positive values, with ticks that people read: 500, 1k, 20k, 3M."""
    data = np.array([value for value in values if value > 0 and math.isfinite(value)])
    low, high = (float(data.min()), float(data.max())) if len(data) else (1.0, 10.0)
    spread = max((high / low) ** 0.12, 1.12)
    low, high = low / spread, high * spread**2.2  # names stand at the right of their points
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(FixedLocator(log_ticks(low, high)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: short_number(value)))


def log_ticks(low: float, high: float) -> list[float]:
    """Two to about seven round numbers between two positive ones."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = max(1, math.ceil((last - first) / 7))
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        found = [step * 10.0**k for k in range(first, last + 1, every) for step in steps]
        found = [tick for tick in found if low <= tick <= high]
        if len(found) >= 3:
            return found
    even = MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return [float(tick) for tick in even if low <= tick <= high]


def short_number(value: float) -> str:
    """A number as short as it can be read: 950, 1.2k, 3.4M, 0.02."""
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{float(f'{value / size:.3g}'):g}{letter}"
    return f"{float(f'{value:.3g}'):g}"
