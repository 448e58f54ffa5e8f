"""Score against what it costs, with the arms that no other arm beats at no more cost."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from seqlab.figures import style
from seqlab.figures.looks import EDGE, WIDTH, limits, log_x, look, nothing, panel, whole_or_round, wide

_HEIGHT = 3.3  # inches of a panel
# Names of more points than these do not find room.
NAMED_UP_TO = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One arm: its cost, its score with interval, and its number, which decides how it looks."""

    name: str
    number: int
    cost: float
    score: float
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Arms by one cost; `axis` says which, with its unit."""

    axis: str
    points: Sequence[Point]


def pareto(points: Sequence[Point], higher_is_better: bool) -> list[Point]:
    """The points that no other one beats in score at the same or less cost, cheapest first."""
    sign = -1.0 if higher_is_better else 1.0
    known = [p for p in points if math.isfinite(p.score) and math.isfinite(p.cost) and p.cost > 0]
    front: list[Point] = []
    for point in sorted(known, key=lambda p: (p.cost, sign * p.score)):
        if not front or sign * point.score < sign * front[-1].score:
            front.append(point)
    return front


def tradeoff(
    panels: Sequence[Panel], *, higher_is_better: bool, title: str, note: str, score_axis: str
) -> Figure:
    """Draw score against each cost on a logarithmic axis; the front is a line, what lies off it is paler.

    Args:
        panels: one a cost, two in a row.
        higher_is_better: whether more of the score is better.
        title: of the figure.
        note: fainter, beneath the title.
        score_axis: what the score means, with its unit.
    """
    rows = math.ceil(max(len(panels), 1) / 2)
    figure = style.new_figure(WIDTH, 0.7 + rows * (_HEIGHT + 0.75) - 0.1)
    width = (WIDTH - 0.85) / (2 if len(panels) > 1 else 1)
    ends = [v for panel_ in panels for p in panel_.points for v in (p.score, p.low, p.high)]
    for place, one in enumerate(panels):
        row, column = divmod(place, 2)
        axes = panel(
            figure, 0.8 + column * width, (rows - 1 - row) * (_HEIGHT + 0.75) + 0.6, width - 0.35, _HEIGHT
        )
        axes.set_ylim(*limits(ends, 0.1))
        whole_or_round(axes, "y", 6)
        style.label(axes, one.axis, score_axis * (not column))
        if column:
            axes.tick_params(axis="y", labelleft=False)
        _points(axes, one.points, higher_is_better)
    style.heading(figure, title, note, left=EDGE)
    return figure


def _points(axes: Axes, points: Sequence[Point], higher_is_better: bool) -> None:
    known = [p for p in points if math.isfinite(p.score) and math.isfinite(p.cost) and p.cost > 0]
    if not known:
        nothing(axes, "not known")
        return
    log_x(axes, [p.cost for p in known])
    front = pareto(known, higher_is_better)
    on_front = {p.name for p in front}
    high = axes.get_xlim()[1]
    if front:
        xs = [front[0].cost, *(p.cost for p in front), high]
        bottom, top = axes.get_ylim()
        ys = [bottom if higher_is_better else top, *(p.score for p in front), front[-1].score]
        axes.plot(
            xs, ys, color=style.FAINT, linewidth=1.2, drawstyle="steps-post", zorder=1, linestyle=(0, (4, 2)),
            label="front",
        )  # fmt: skip
    for p in known:
        drawn, alpha = look(p.number), 1.0 if p.name in on_front else 0.5
        if math.isfinite(p.low) and math.isfinite(p.high):
            axes.plot([p.cost] * 2, [p.low, p.high], color=drawn.colour, linewidth=1.6, alpha=alpha, zorder=2)
        axes.plot(
            [p.cost], [p.score], marker=drawn.marker, markersize=7.5, color=drawn.colour, alpha=alpha, zorder=3,
            linestyle="none", markeredgecolor="white", markeredgewidth=0.8,
        )  # fmt: skip
    if len(known) <= NAMED_UP_TO:
        _names(axes, known, front)


def _names(axes: Axes, points: Sequence[Point], front: Sequence[Point]) -> None:
    """Write names beside their points, each at the first of some places where nothing stands yet."""
    size = 8.0
    corners = axes.get_window_extent()
    extent = (corners.width / style.DPI, corners.height / style.DPI)
    on_front = {p.name for p in front}

    def inches(costs: Sequence[float], scores: Sequence[float]) -> npt.NDArray[np.float64]:
        shares = axes.transAxes.inverted().transform(
            axes.transData.transform(np.column_stack([costs, scores]))
        )
        return np.asarray(shares) * np.array(extent)

    places = inches([p.cost for p in points], [p.score for p in points])
    taken = [(x - 0.07, y - 0.07, x + 0.07, y + 0.07) for x, y in places]
    for p in points:
        if math.isfinite(p.low) and math.isfinite(p.high):
            (x, low), (_, high) = inches([p.cost] * 2, [p.low, p.high])
            taken.append((x - 0.02, low, x + 0.02, high))
    steps = inches([p.cost for p in front], [p.score for p in front])
    ends = [*(float(x) for x, _ in steps[1:]), extent[0]]
    taken += [
        (float(x), float(y) - 0.015, end, float(y) + 0.015) for (x, y), end in zip(steps, ends, strict=True)
    ]
    for p, (x, y) in zip(points, places, strict=True):
        text = style.printable(style.shorten(p.name, 22))
        long, tall = 0.88 * wide([text], size), 0.14
        for left, low, ha in _around(x, y, long, tall):  # noqa: B007
            corner = (left, low, left + long, low + tall)
            inside = left > 0 and low > 0 and corner[2] < extent[0] + 0.3 and corner[3] < extent[1] + 0.1
            if inside and not any(_overlap(corner, other) for other in taken):
                break
        else:
            right = x + 0.1 + long > extent[0]  # on something, but inside
            left, low, ha = (
                (max(x - 0.1 - long, 0), y + 0.08, "left") if right else (x + 0.1, y + 0.08, "left")
            )
            corner = (left, low, left + long, low + tall)
        taken.append(corner)
        at = left if ha == "left" else left + long if ha == "right" else left + long / 2
        axes.text(
            at / extent[0], (low + tall / 2) / extent[1], text, transform=axes.transAxes, ha=ha, va="center",
            color=style.INK if p.name in on_front else style.FAINT, fontproperties=style.font(size), parse_math=False,
            zorder=5, path_effects=[withStroke(linewidth=2.5, foreground="white")],
        )  # fmt: skip


def _around(x: float, y: float, long: float, tall: float) -> list[tuple[float, float, str]]:
    """Lower left corners of a name beside, above and beneath a point, nearest first, and how it is aligned."""
    found: list[tuple[float, float, str]] = []
    for off in (0.12, 0.0, 0.26, 0.4, 0.55, 0.75):
        for low in dict.fromkeys((y - tall / 2 + off, y - tall / 2 - off)):
            found += [(x + 0.1, low, "left"), (x - 0.1 - long, low, "right")]
        found += [
            (x - long / 2, y + 0.1 + off, "center"),
            (x - long / 2, y - 0.1 - tall - off, "center"),
        ]
    return found


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
