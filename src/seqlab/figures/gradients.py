"""The gradient profile: how far back the loss reaches."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from seqlab.figures import style
from seqlab.figures.looks import EDGE, WIDTH, legend, look, nothing, panel, panel_title, wide

# The axis ends at this share of the largest value: below it there is nothing that training could hear.
FLOOR = 1e-12


def gradient_profile(profiles: Mapping[str, npt.NDArray[np.float64]], path: Path) -> None:
    """Draw the median norm of d loss / d input by distance from the end of the sequence, on a logarithmic axis.

    Time runs from left to right: the last step is at the right edge. What lies below 1e-12 of the largest value is
    cut off, and the line beneath the title says from which step on.

    Args:
        profiles: name, such as "at initialisation", -> norms; entry k is k steps before the last one. Values that
            are 0 or not finite leave a gap.
        path: the PNG file to write.
    """
    figure = style.new_figure(7.2, 4.2)
    width, height = figure.get_size_inches()
    axes = figure.add_axes((0.85 / width, 0.55 / height, (width - 1.05) / width, (height - 1.53) / height))
    style.quiet_axes(axes)
    style.label(axes, "steps before the end of the sequence", "median norm of d loss / d input")
    style.count_axis(axes, 10)
    drawn, floor = False, _floor(profiles)
    for colour, (name, given) in zip(style.CYCLE * len(profiles), profiles.items(), strict=False):
        norms = _positive(given)
        few = len(norms) <= 3
        axes.plot(
            np.arange(len(norms)), norms, color=colour, linewidth=1.8, label=style.printable(name),
            marker="o" if few else None, markersize=4,
        )  # fmt: skip
        drawn = drawn or bool(np.isfinite(norms).any())
    longest = max((len(given) for given in profiles.values()), default=1)
    axes.set_xlim(max(longest - 1, 1) + 0.01 * longest, -0.01 * longest)
    if drawn:
        axes.set_yscale("log")
        if any(_below_from(given, floor) is not None for given in profiles.values()):
            axes.set_ylim(floor, 3 * floor / FLOOR)
        axes.yaxis.set_major_locator(LogLocator(numticks=8))
        axes.tick_params(axis="y", which="minor", labelsize=7.5, labelcolor=style.FAINT, color=style.FAINT)
        axes.legend(
            loc="lower left", bbox_to_anchor=(-0.01, 1.01), ncols=3, frameon=False, prop=style.font(8.5),
            handlelength=1.6, borderaxespad=0,
        )  # fmt: skip
    else:
        axes.set_yticks([])
        axes.text(
            0.5,
            0.5,
            "no gradient reaches the input",
            transform=axes.transAxes,
            ha="center",
            color=style.FAINT,
        )
    style.heading(figure, "How far back the loss reaches", _note(profiles), left=0.25)
    style.save(figure, path)


def gradients_by_arm(
    states: Mapping[str, Mapping[str, npt.NDArray[np.float64]]], numbers: Mapping[str, int]
) -> Figure:
    """Draw the profile of several arms, one panel a state (such as "trained"), all on the same axes.

    Args:
        states: state -> arm -> norms; entry k is k steps before the last one.
        numbers: arm -> number, which decides how it looks.
    """
    arms = [arm for arm in numbers if any(arm in of_arm for of_arm in states.values())]
    right = wide(style.names(arms, 22), 8.5) + 0.75
    figure = style.new_figure(WIDTH, 4.1)
    width = (WIDTH - 0.8 - right) / max(len(states), 1)
    every = {f"{state} {arm}": norms for state, of_arm in states.items() for arm, norms in of_arm.items()}
    floor, longest = _floor(every), max((len(norms) for norms in every.values()), default=1)
    largest = floor / FLOOR
    cut = any(_below_from(norms, floor) is not None for norms in every.values())
    for place, (state, of_arm) in enumerate(states.items()):
        axes = panel(figure, 0.8 + place * width, 0.6, width - 0.25, 2.55)
        panel_title(axes, state)
        style.label(axes, "steps before the end", "norm of d loss / d input" * (not place))
        style.count_axis(axes, 6)
        axes.set_xlim(max(longest - 1, 1) + 0.01 * longest, -0.01 * longest)
        for arm, norms in of_arm.items():
            drawn = look(numbers[arm])
            axes.plot(
                np.arange(len(norms)), _positive(norms), color=drawn.colour, linestyle=drawn.dash, linewidth=1.8,
                marker=drawn.marker, markersize=4.5, markevery=max(1, len(norms) // 6),
            )  # fmt: skip
        if floor <= 0:
            nothing(axes, "no gradient reaches the input")
            continue
        axes.set_yscale("log")
        smallest = min(float(np.nanmin(p)) for p in map(_positive, every.values()) if np.isfinite(p).any())
        axes.set_ylim(floor if cut else smallest / 2, 3 * largest)
        axes.yaxis.set_major_locator(LogLocator(numticks=8))
        axes.tick_params(axis="y", which="minor", labelleft=False)
        if place:
            axes.tick_params(axis="y", labelleft=False)
    legend(figure, [(arm, look(numbers[arm])) for arm in arms], WIDTH - right + 0.1, 3.15)
    style.heading(
        figure,
        "How far back the loss reaches",
        "median norm of the gradient at the input, by distance from the end of the sequence",
        left=EDGE,
    )
    return figure


def _positive(norms: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    norms = np.asarray(norms, dtype=np.float64)
    return np.where(np.isfinite(norms) & (norms > 0), norms, np.nan)


def _floor(profiles: Mapping[str, npt.NDArray[np.float64]]) -> float:
    """The value at which the axis ends; 0 where no value is positive."""
    largest = [
        float(np.nanmax(norms)) for norms in map(_positive, profiles.values()) if np.isfinite(norms).any()
    ]
    return FLOOR * max(largest, default=0.0)


def _below_from(given: npt.NDArray[np.float64], floor: float) -> int | None:
    """From how many steps before the end on all values are below `floor`; None where the furthest is not."""
    not_below = np.flatnonzero(~(np.asarray(given, dtype=np.float64) < floor))
    first = int(not_below[-1]) + 1 if len(not_below) else 0
    return first if first < len(given) else None


def _note(profiles: Mapping[str, npt.NDArray[np.float64]]) -> str:
    """Where the last profile that leaves the axis does so; else the last one's furthest step against its last."""
    floor = _floor(profiles)
    for name, given in reversed(list(profiles.items())):
        first = _below_from(given, floor)
        if first is not None and floor > 0:
            short = style.shorten(name, 26)
            return f"{short}, the median is below {FLOOR:.0e} of the largest from {first} steps before the end on"
    for name, given in reversed(list(profiles.items())):
        norms = _positive(given)
        there = np.flatnonzero(np.isfinite(norms))
        if len(there) > 1 and there[0] == 0:
            furthest = int(there[-1])
            ratio = f"{norms[furthest] / norms[0]:.2g}"
            return f"{name}, the median gradient {furthest} steps before the end is {ratio} times that at the last step"
    return "median over the sequences of the gradient at the input, by time step"
