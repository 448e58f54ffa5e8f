"""How tuning went: the best validation score against the budget, and which settings mattered."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqlab.figures import style
from seqlab.figures.looks import (
    EDGE,
    WIDTH,
    FloatArray,
    legend,
    limits,
    look,
    nothing,
    panel,
    panel_title,
    short_number,
    whole_or_round,
    wide,
)

# More points than these are drawn as an image inside an SVG.
_VECTORS_UP_TO = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Of one arm.

    Args:
        name, number: of the arm.
        budgets: numbers of trials [B].
        best: the best after so many trials [K, B], one row a tuning; NaN where nothing had completed.
        trials: number of every completed trial (from 1) and its value [N, 2].
    """

    name: str
    number: int
    budgets: FloatArray
    best: FloatArray
    trials: FloatArray = field(default_factory=lambda: np.zeros((0, 2)))


def best_against_budget(
    arms: Sequence[Search], *, title: str, note: str, axis: str, steps: bool = True
) -> Figure:
    """Draw the best score that so many trials found; a band where tuning was repeated, faint points for trials.

    Args:
        arms: one line each.
        title: of the figure.
        note: fainter, beneath the title.
        axis: what the score means.
        steps: whether the best stays what it is until a trial is better; else lines are smooth.
    """
    right = wide(style.names([arm.name for arm in arms], 22), 8.5) + 0.75
    figure = style.new_figure(WIDTH, 4.1)
    axes = panel(figure, 0.8, 0.6, WIDTH - 0.95 - right, 2.75)
    values = np.concatenate([np.zeros(0), *(arm.best.ravel() for arm in arms)])
    values = values[np.isfinite(values)]
    style.label(axes, "trials of an arm", axis)
    if not len(values):
        nothing(axes, "no trial completed")
    for arm in arms:
        drawn = look(arm.number)
        if len(arm.trials):
            axes.plot(
                arm.trials[:, 0], arm.trials[:, 1], linestyle="none", marker="o", markersize=2.6, color=drawn.colour,
                alpha=0.28, markeredgewidth=0, zorder=1, rasterized=len(arm.trials) * len(arms) > _VECTORS_UP_TO,
            )  # fmt: skip
        there = np.isfinite(arm.best).any(axis=0)
        if not there.any():
            continue
        low, middle, high = (f(arm.best[:, there], axis=0) for f in (np.nanmin, np.nanmedian, np.nanmax))
        if len(arm.best) > 1:
            axes.fill_between(
                arm.budgets[there],
                low,
                high,
                color=drawn.colour,
                alpha=0.18,
                linewidth=0,
                zorder=2,
                step="post" if steps else None,
            )
        axes.plot(
            arm.budgets[there], middle, color=drawn.colour, linestyle=drawn.dash, linewidth=2, zorder=3,
            drawstyle="steps-post" if steps else "default",
            marker=drawn.marker, markersize=4.5, markevery=max(1, int(there.sum()) // 6),
        )  # fmt: skip
    if len(values):
        _window(axes, arms, values)
    legend(figure, [(arm.name, look(arm.number)) for arm in arms], WIDTH - right + 0.1, 3.3)
    style.heading(figure, title, note, left=EDGE)
    return figure


def _window(axes: Axes, arms: Sequence[Search], best: FloatArray) -> None:
    """Leave the worst trials outside: what matters is near the best."""
    points = np.concatenate([np.zeros((0, 2)), *(arm.trials for arm in arms)])[:, 1]
    points = points[np.isfinite(points)]
    ends = [best.min(), best.max()]
    if len(points):
        middle = float(np.median(points))
        ends.append(float(np.clip(middle, best.min() - 0.6 * np.ptp(best), best.max() + 0.6 * np.ptp(best))))
    axes.set_ylim(*limits(ends, 0.08))
    most = max((float(arm.budgets.max()) for arm in arms if len(arm.budgets)), default=1.0)
    axes.set_xlim(1 - 0.02 * most, 1.02 * most) if most > 1 else axes.set_xlim(0, 2)
    style.count_axis(axes, 8)
    whole_or_round(axes, "y", 6)


def importances(
    methods: Mapping[str, Mapping[str, Mapping[str, float]]],
    numbers: Mapping[str, int],
    *,
    title: str,
    note: str,
) -> Figure:
    """Draw how much every setting mattered: one panel a method, one row a setting, one mark an arm.

    Args:
        methods: method -> arm -> setting -> share.
        numbers: arm -> number, which decides how it looks.
        title: of the figure.
        note: fainter, beneath the title.
    """
    settings = _by_weight(methods)
    arms = [arm for arm in numbers if any(arm in of_arm for of_arm in methods.values())]
    labels = style.names(settings, 30)
    left, right = wide(labels, 8.5) + 0.4, wide(style.names(arms, 22), 8.5) + 0.75
    body = 0.4 * max(len(settings), 3)
    body = max(body, 0.2 * len(arms))
    figure = style.new_figure(WIDTH, body + 1.65)
    width = (WIDTH - left - right) / max(len(methods), 1)
    for place, (method, of_arm) in enumerate(methods.items()):
        axes = panel(figure, left + place * width, 0.6, width - 0.3, body)
        panel_title(axes, method)
        axes.grid(visible=False)
        axes.grid(axis="x", color=style.GRID, linewidth=0.8)
        axes.set_ylim(len(settings) - 0.5, -0.5)
        axes.set_yticks(
            range(len(settings)), labels if not place else [""] * len(labels), fontproperties=style.font(8.5),
            parse_math=False,
        )  # fmt: skip
        axes.tick_params(axis="y", length=0)
        for y in range(len(settings)):
            axes.axhline(y, color=style.GRID, linewidth=0.8, zorder=0)
        shares = [share for weights in of_arm.values() for share in weights.values() if math.isfinite(share)]
        for arm in arms:
            drawn = look(numbers[arm])
            known = [
                (share, y) for y, name in enumerate(settings)
                if math.isfinite(share := of_arm.get(arm, {}).get(name, math.nan))
            ]  # fmt: skip
            axes.plot(
                [share for share, _ in known], [y for _, y in known], linestyle="none", marker=drawn.marker,
                markersize=6.5, color=drawn.colour, alpha=0.85, markeredgecolor="white", markeredgewidth=0.6, zorder=3,
            )  # fmt: skip
        axes.set_xlim(-0.02, max(1.0 if not shares else max(shares) * 1.08, 0.1))
        whole_or_round(axes, "x", 5)
        axes.xaxis.set_major_formatter(lambda value, _: f"{short_number(100 * value)} %")
        style.label(axes, "share", "")
    legend(figure, [(arm, look(numbers[arm])) for arm in arms], WIDTH - right + 0.1, 0.6 + body)
    style.heading(figure, title, note, left=EDGE)
    return figure


def _by_weight(methods: Mapping[str, Mapping[str, Mapping[str, float]]]) -> list[str]:
    """All settings, most important first by the first method that knows them."""
    weight: dict[str, float] = {}
    for of_arm in methods.values():
        found: dict[str, list[float]] = {}
        for shares in of_arm.values():
            for name, share in shares.items():
                found.setdefault(name, []).append(share if math.isfinite(share) else 0.0)
        for name, shares in found.items():
            weight.setdefault(name, float(np.mean(shares)))
    return sorted(weight, key=lambda name: -weight[name])
