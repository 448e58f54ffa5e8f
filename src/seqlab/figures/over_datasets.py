"""Arms over many data sets: the critical-difference diagram, and all pairs in one matrix."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from seqlab.figures import style
from seqlab.figures.looks import EDGE, WIDTH, panel, wide

_SIDES = LinearSegmentedColormap.from_list("sides", [style.ORANGE, "#FFFFFF", style.BLUE])


def critical_difference(
    mean_ranks: Mapping[str, float], cliques: Sequence[Sequence[str]], *, title: str, note: str
) -> Figure:
    """Draw mean ranks on a line, best at the left; bars join arms that cannot be told apart (Demsar 2006).

    Args:
        mean_ranks: arm -> mean rank; 1 is best.
        cliques: groups of arms that cannot be told apart.
        title: of the figure.
        note: fainter, beneath the title.
    """
    ranked = sorted(mean_ranks.items(), key=lambda item: item[1])
    count = len(ranked)
    half = math.ceil(count / 2)
    bars = [group for group in cliques if len(group) > 1]
    side = wide(style.names(list(mean_ranks), 30), 9) + 0.85
    top, step, bar = 0.3, 0.26, 0.15
    body = top + bar * len(bars) + 0.2 + step * half
    figure = style.new_figure(WIDTH, body + 1.15)
    axes = panel(figure, side, 0.2, WIDTH - 2 * side, body)
    axes.axis("off")
    low, high = 1.0, float(max(count, 2))
    axes.set_xlim(low, high)
    axes.set_ylim(body, 0)
    axes.plot([low, high], [top, top], color=style.INK, linewidth=1.4, clip_on=False)
    for tick in range(1, count + 1) if count <= 20 else range(1, count + 1, math.ceil(count / 12)):
        axes.plot([tick, tick], [top - 0.07, top], color=style.INK, linewidth=1.2, clip_on=False)
        axes.text(tick, top - 0.1, str(tick), ha="center", va="bottom", fontproperties=style.font(8.5))
    for level, group in enumerate(bars):
        ranks = [mean_ranks[name] for name in group]
        y = top + 0.14 + bar * level
        reach = 0.006 * (high - low)
        axes.plot(
            [min(ranks) - reach, max(ranks) + reach], [y, y], color=style.BLUE, linewidth=4, solid_capstyle="round",
            clip_on=False, zorder=4, label="clique",
        )  # fmt: skip
    for place, (name, rank) in enumerate(ranked):
        left = place < half
        row = place if left else count - 1 - place
        y = top + bar * len(bars) + 0.3 + step * row
        edge = low - 0.02 * (high - low) if left else high + 0.02 * (high - low)
        axes.plot(
            [rank, rank, edge], [top, y, y], color=style.FAINT, linewidth=1.0, clip_on=False, label="rank"
        )
        text = style.printable(style.shorten(name, 30))
        words = f"{text}  {rank:.2f}" if left else f"{rank:.2f}  {text}"
        axes.text(
            edge - (0.008 if left else -0.008) * (high - low), y, words, ha="right" if left else "left", va="center",
            fontproperties=style.font(9), color=style.INK, parse_math=False,
        )  # fmt: skip
    style.heading(figure, title, note, left=EDGE)
    return figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Of one arm against another: mean gain (above 0 it is better), data sets won, tied and lost, p (NaN: none)."""

    gain: float
    wins: int
    ties: int
    losses: int
    p: float = math.nan


def difference_matrix(
    names: Sequence[str], outcomes: Mapping[tuple[str, str], Outcome], *, decimals: int, title: str, note: str
) -> Figure:
    """Draw every pair: mean gain of the row over the column, won / tied / lost, and p (Ismail-Fawaz et al. 2023).

    Args:
        names: arms, best first.
        outcomes: (row, column) -> outcome; pairs that are not there stay empty.
        decimals: of the gains.
        title: of the figure.
        note: fainter, beneath the title.
    """
    labels = style.names(names, 20)
    left = wide(labels, 8.5) + 0.35
    cell = min(1.25, (WIDTH - left - 0.3) / max(len(names), 1))
    size = min(8.5, 7.2 * cell)
    upright = wide(labels, 8.5) > 0.95 * cell
    above = 0.75 + (wide(labels, 8.5) + 0.15 if upright else 0.3)
    tall = max(0.62 * cell, 0.52) if cell > 0.6 else cell
    figure = style.new_figure(max(left + cell * len(names) + 0.3, 6.4), above + tall * len(names) + 0.2)
    axes = panel(figure, left, 0.2, cell * len(names), tall * len(names))
    gains = np.full((len(names), len(names)), np.nan)
    for (row, column), outcome in outcomes.items():
        gains[names.index(row), names.index(column)] = outcome.gain
    most = float(np.nanmax(np.abs(gains))) if np.isfinite(gains).any() else 1.0
    shares = np.where(np.isfinite(gains), gains, 0.0) / (most or 1.0)
    pixels = np.where(np.isfinite(gains)[..., None], _SIDES(0.5 + 0.32 * shares), 1.0)
    axes.imshow(pixels, aspect="auto", interpolation="nearest")
    for (row, column), outcome in outcomes.items():
        x, y = names.index(column), names.index(row)
        if cell > 0.5:
            words = f"{outcome.gain:+.{decimals}f}\n{outcome.wins} / {outcome.ties} / {outcome.losses}"
            words += f"\np {_p(outcome.p)}" if math.isfinite(outcome.p) else ""
            sure = math.isfinite(outcome.p) and outcome.p < 0.05
            axes.text(
                x, y, words, ha="center", va="center", linespacing=1.25, color=style.INK,
                fontproperties=style.font(size * 0.92, "bold" if sure else "normal"),
            )  # fmt: skip
    axes.grid(visible=False)
    axes.set_xticks(
        range(len(names)),
        labels,
        rotation=90 if upright else 0,
        fontproperties=style.font(8.5),
        parse_math=False,
    )
    axes.set_yticks(range(len(names)), labels, fontproperties=style.font(8.5), parse_math=False)
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    style.heading(figure, title, note, left=EDGE)
    return figure


def _p(p: float) -> str:
    return "< 0.0001" if p < 1e-4 else f"= {p:.2g}"
