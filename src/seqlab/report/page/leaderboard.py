"""The leaderboard of the first screen: a line an arm or reference, its interval drawn on one axis for all."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seqlab.figures.looks import short_number
from seqlab.report.evidence import Arm, Contrast
from seqlab.report.findings import Estimate
from seqlab.report.page.blocks import Name
from seqlab.report.page.facts import Facts, duration
from seqlab.report.pricing import cost_ratio, times
from seqlab.report.tables import level_with_interval

# Further away from the arms than so many times their own span, a reference is an arrow at the edge.
_FAR = 2.5
_FIRST_LINES = 25
_PRICED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line; places are per cent of the axis.

    Args:
        name: with its mark.
        kind: "arm" or "reference".
        level, interval, runs: in words.
        x, low, high: where the mean and the ends of its interval are drawn; None for none.
        off: "left" or "right" if the mean is off the axis.
        costs: in words, one a column of costs.
        rank: mean rank over data sets; empty where there are none.
    """

    name: Name
    kind: str
    level: str
    interval: str
    runs: str
    x: float | None
    low: float | None
    high: float | None
    off: str
    costs: Sequence[str]
    rank: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaderboard:
    """All lines, those that are seen at once and the rest, with their axis: (place in per cent, label)."""

    score: str
    confidence: str
    runs: str
    ranked: bool
    costs: Sequence[str]
    ticks: Sequence[tuple[float, str]]
    lines: Sequence[Line]
    more: Sequence[Line]
    off: bool


def leaderboard(facts: Facts) -> Leaderboard:
    """Lines best first, as the findings have them; over several data sets the means over data sets."""
    evidence, findings = facts.evidence, facts.findings
    over = findings.over
    if over is not None and over.means:
        rows = [
            (name, "reference" if reference else "arm", score, "")
            for name, score, reference in over.ordered(evidence.rules.higher_is_better)
        ]
        runs = "data sets"
    else:
        several = len({line.dataset for line in findings.standings}) > 1
        rows = [
            (
                line.name,
                "reference" if line.reference else "arm",
                line.score,
                "; ".join(filter(None, (f"on {line.dataset}" * several, line.capped))),
            )
            for line in findings.standings
        ]
        runs = facts.pairs_are
    low, high = _window([(kind, score) for _, kind, score, _ in rows], facts.factor)
    costs = _known_costs(facts)
    words = {arm.name: arm.words for arm in evidence.arms}
    lines: list[Line] = []
    for name, kind, score, where in rows:
        level, interval = level_with_interval(score, facts.unit)
        note = where or words.get(name, "")
        cell = facts.arm_cell(name, note) if kind == "arm" else Name(text=name, note=note)
        ends = [_place(v * facts.factor, low, high) for v in (score.value, score.low, score.high)]
        ranks = over.mean_ranks if over is not None else {}
        lines.append(
            Line(
                name=cell, kind=kind, level=level, interval=interval, runs=f"{score.replicates:,}",
                x=_inside(ends[0]), low=_cut(ends[1]), high=_cut(ends[2]),
                off="" if not math.isfinite(ends[0]) else "left" if ends[0] < 0 else "right" if ends[0] > 100 else "",
                costs=_costs(facts, name if kind == "arm" else "", costs),
                rank=f"{ranks[name]:.2f}" if name in ranks else "",
            )
        )  # fmt: skip
    return Leaderboard(
        score=facts.unit.words,
        confidence=f"{evidence.rules.confidence * 100:g} %",
        runs=runs,
        ranked=any(line.rank for line in lines),
        costs=costs,
        ticks=[(_place(tick, low, high), f"{tick:g}") for tick in round_ticks(low, high)],
        lines=lines if len(lines) <= _FIRST_LINES + 5 else lines[:_FIRST_LINES],
        more=[] if len(lines) <= _FIRST_LINES + 5 else lines[_FIRST_LINES:],
        off=any(line.off for line in lines),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What the arms of the primary contrasts cost beside the others: names of costs; ((arm, than), values) a line."""

    costs: Sequence[str]
    lines: Sequence[tuple[tuple[str, str], Sequence[str]]]


def prices(facts: Facts) -> Prices | None:
    """Ratios of all costs that are known; None for a single contrast, of which a sentence tells."""
    arms = {arm.name: arm for arm in facts.evidence.arms}
    contrasts = [verdict.contrast for verdict in facts.findings.primary]
    known = [key for key in _COSTS if any(_ratio(c, arms, key) for c in contrasts)]
    if len(contrasts) < 2 or not known:
        return None
    lines = [((c.arm, c.than), [_ratio(c, arms, key) for key in known]) for c in contrasts[:_PRICED]]
    return Prices(costs=[_COSTS[key][0] for key in known], lines=lines)


def _ratio(contrast: Contrast, arms: Mapping[str, Arm], key: str) -> str:
    ratio = cost_ratio(arms[contrast.arm], arms[contrast.than], key)
    return "" if ratio is None else f"{times(ratio)}×"


def _ends(score: Estimate) -> list[float]:
    return [v for v in (score.value, score.low, score.high) if math.isfinite(v)]


def _window(rows: Sequence[tuple[str, Estimate]], factor: float) -> tuple[float, float]:
    """Ends of the axis: all arms, and the references that are not far away."""
    arms = [v for kind, score in rows if kind == "arm" for v in _ends(score)]
    arms = arms or [v for _, score in rows for v in _ends(score)]
    if not arms:
        return 0.0, 1.0
    low, high = min(arms), max(arms)
    span = max(high - low, 1e-9 * max(abs(low), abs(high)), 1e-12)
    near = [
        v
        for kind, score in rows
        if kind == "reference" and low - _FAR * span <= score.value <= high + _FAR * span
        for v in _ends(score)
    ]
    low, high = min([low, *near]), max([high, *near])
    room = 0.05 * max(high - low, span)
    if high - low <= 1e-9 * max(abs(high), 1e-3):
        room = max(abs(high) * 0.05, 1e-3)
    return factor * (low - room), factor * (high + room)


def _place(value: float, low: float, high: float) -> float:
    return round(100 * (value - low) / (high - low), 2)


def _inside(place: float) -> float | None:
    return place if math.isfinite(place) and 0 <= place <= 100 else None


def _cut(place: float) -> float | None:
    return min(max(place, 0.0), 100.0) if math.isfinite(place) else None


def round_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers between two ends, at most so many."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return []
    step = 10.0 ** math.floor(math.log10(span / most))
    step *= next(factor for factor in (1, 2, 2.5, 5, 10, 20) if span / (step * factor) <= most)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 12) for k in range(first, first + most + 1) if k * step <= high + 1e-9 * span]


_COSTS = {
    "parameters": ("parameters", lambda v: f"{v:,.0f}" if v < 1e6 else short_number(v)),
    "seconds": ("training", duration),
    "latency_ms": ("latency", lambda v: f"{short_number(v)} ms"),
    "flops": ("FLOPs", short_number),
}


def _known_costs(facts: Facts) -> list[str]:
    """The first two costs that are known of any arm."""
    arms = facts.evidence.arms
    known = [key for key in _COSTS if any(arm.cost.get(key) is not None for arm in arms)]
    return [_COSTS[key][0] for key in known[:2]]


def _costs(facts: Facts, name: str, columns: Sequence[str]) -> list[str]:
    cost = next((arm.cost for arm in facts.evidence.arms if arm.name == name), {})
    found: list[str] = []
    for title in columns:
        key, said = next((key, words[1]) for key, words in _COSTS.items() if words[0] == title)
        value = cost.get(key)
        found.append(said(value) if value is not None and math.isfinite(value) else "")
    return found
