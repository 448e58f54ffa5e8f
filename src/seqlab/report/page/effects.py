"""The effect of depth, direction, width and cell: pairs of arms that differ in that one setting."""

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from seqlab import stats
from seqlab.figures.forest import Line, forest
from seqlab.figures.style import shorten
from seqlab.report.evidence import Arm, Evidence
from seqlab.report.findings import Verdict
from seqlab.report.page.blocks import Section, Words
from seqlab.report.page.facts import Facts, signed
from seqlab.report.page.runs import side

_ASPECTS = {"num_layers": "Depth", "bidirectional": "Direction", "hidden_size": "Width", "cell": "Cell"}
_CELLS = ("rnn", "gru", "lstm")
_MOST, _ALL_UP_TO = 40, 12


def effects(facts: Facts) -> Section | None:
    """One group a setting, one line a pair of arms that differ in nothing else."""
    pairs = pairs_by_setting(facts.evidence)
    known = {
        (v.contrast.arm, v.contrast.than): v
        for v in [*facts.findings.exploratory, *facts.findings.primary]
        if not (facts.several and v.dataset)
    }
    lines = [
        line
        for setting, of_setting in pairs.items()
        for arm, than in of_setting
        if (line := _line(facts, setting, arm, than, known)) is not None
    ]
    if not lines:
        return None
    rules = facts.evidence.rules
    figure = forest(
        lines[:_MOST],
        margin=rules.margin * facts.factor,
        title="One thing changed, the rest held",
        note=f"the second arm against the first; lines: {rules.confidence * 100:g} % intervals",
        axis=facts.gain_axis.replace("the first", "the second"),
    )
    alt = "; ".join(f"{line.label}: {line.numbers}" for line in lines[:_MOST])
    blocks = [facts.picture("effects", figure, f"Effects of single settings. {alt}")]
    held = {
        "solved": "Width is not held: it is solved anew, so that all arms cost the same.",
        "tuned_under_cap": "Width is not held: it is tuned for every arm, under one cap of cost.",
    }.get(rules.width or "", "")
    notes = [held, f"Drawn are {_MOST} of {len(lines):,} pairs." if len(lines) > _MOST else ""]
    words = " ".join(note for note in notes if note)
    return Section(
        key="effects",
        title="What one change brings",
        short="One change at a time",
        how="Lines of one group ask the same of different arms: where they agree, the effect is general; where they "
        "differ, it depends on the rest.",
        blocks=[*blocks, *([Words(text=words)] if words else [])],
    )


def pairs_by_setting(evidence: Evidence) -> dict[str, list[tuple[Arm, Arm]]]:
    """Setting -> pairs (more of it, less of it) of arms that differ in it alone; what was tuned does not count."""
    tuned = {key.rpartition(".")[2] for arm in evidence.arms for key in arm.chosen}
    if evidence.rules.width in ("solved", "tuned_under_cap"):
        tuned |= {"hidden_size"}
    made = [
        (
            arm,
            {k: v for k, v in arm.settings.items() if k not in tuned and not isinstance(v, list | dict)},
        )
        for arm in evidence.arms
        if arm.settings
    ]
    found: dict[str, list[tuple[Arm, Arm]]] = {key: [] for key in _ASPECTS}
    for (a, of_a), (b, of_b) in itertools.combinations(made, 2):
        differ = [key for key in dict.fromkeys([*of_a, *of_b]) if of_a.get(key) != of_b.get(key)]
        if len(differ) == 1:
            (key,) = differ
            less, more = sorted((a, b), key=lambda arm: _order(arm.settings.get(key)))
            found.setdefault(key, []).append((more, less))
    return {key: _neighbours(pairs) for key, pairs in found.items() if pairs}


def _neighbours(pairs: list[tuple[Arm, Arm]]) -> list[tuple[Arm, Arm]]:
    """All pairs, or of many only those with no arm between them: one layer to two, two to three."""
    if len(pairs) <= _ALL_UP_TO:
        return pairs
    above: dict[str, set[str]] = {}
    for more, less in pairs:
        above.setdefault(less.name, set()).add(more.name)
    between = {
        (more.name, less.name)
        for more, less in pairs
        if any(more.name in above.get(name, ()) for name in above[less.name])
    }
    return [(more, less) for more, less in pairs if (more.name, less.name) not in between]


def _order(value: Any) -> tuple[int, float, str]:
    if isinstance(value, bool | int | float):
        return 0, float(value), ""
    if value in _CELLS:
        return 1, float(_CELLS.index(value)), ""
    return 2, 0.0, "" if value is None else str(value)


def _line(
    facts: Facts, setting: str, arm: Arm, than: Arm, known: Mapping[tuple[str, str], Verdict]
) -> Line | None:
    label = f"{shorten(than.name, 24)} → {shorten(arm.name, 24)}"
    change = f"{_said(than.settings.get(setting))} → {_said(arm.settings.get(setting))}"
    group = f"{_ASPECTS.get(setting, setting.replace('_', ' '))} ({setting})"
    if (verdict := known.get((arm.name, than.name))) is not None:
        value, low, high = facts.gain(verdict)
        word = verdict.word
    elif (verdict := known.get((than.name, arm.name))) is not None:
        value, high, low = (-end for end in facts.gain(verdict))
        word = {"better": "worse", "worse": "better"}.get(verdict.word, verdict.word)
    else:
        value, low, high = _paired(facts, arm.name, than.name)
        word = ""
    if not math.isfinite(value):
        return None
    return Line(
        label=label, note=f"{setting}: {change}", value=value, low=low, high=high, word=word, group=group,
        numbers=_numbers(facts, value, low, high),
    )  # fmt: skip


def _said(value: Any) -> str:
    return (
        {True: "yes", False: "no", None: "none"}.get(value, str(value))
        if value in (None, True, False)
        and not (isinstance(value, int | float) and not isinstance(value, bool))
        else str(value)
    )


def _numbers(facts: Facts, value: float, low: float, high: float) -> str:
    by = facts.factor
    digits = facts.unit.decimals([value / by, low / by, high / by], (high - low) / by / 2)
    said = [facts.unit.number(v / by, digits) for v in (value, low, high)]
    return (
        f"{signed(said[0])} ({said[1]} to {said[2]})"
        if math.isfinite(low)
        else f"{signed(said[0])} (no interval)"
    )


def _paired(facts: Facts, arm: str, than: str) -> tuple[float, float, float]:
    """Mean difference over pairs, or over data sets, where no verdict tells."""
    a, b = side(facts.evidence.results, arm), side(facts.evidence.results, than)
    if a is None or b is None:
        return math.nan, math.nan, math.nan
    gains = facts.sign * facts.factor * (a - b)
    gains = gains[np.isfinite(gains)]
    if len(gains) < 2:
        return (float(gains[0]) if len(gains) else math.nan), math.nan, math.nan
    mean = stats.paired(gains)
    return (mean.value, *mean.interval(facts.evidence.rules.confidence))
