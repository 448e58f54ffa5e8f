"""Verdicts as plain sentences: what was found, how large, how sure, and on what it rests."""

import math
from collections.abc import Sequence

from seqlab.report.comparing import FEW_PAIRS, Compared
from seqlab.report.deciding import Decision
from seqlab.report.evidence import Contrast, Results, Rules
from seqlab.report.findings import Verdict
from seqlab.report.units import Unit


def subject(contrast: Contrast) -> str:
    """Who a sentence is about: "A second layer (lstm_stacked)"; the arm where the contrast has no name of its own."""
    name = contrast.name.strip()
    if not name or contrast.arm in name or not contrast.primary:
        return contrast.arm
    return f"{name[0].upper()}{name[1:]} ({contrast.arm})"


def within(contrast: Contrast) -> str:
    """The same inside of a sentence."""
    who = subject(contrast)
    return who if who == contrast.arm else f"{contrast.name.strip()} ({contrast.arm})"


def verdict_sentence(
    contrast: Contrast,
    compared: Compared,
    decision: Decision,
    rules: Rules,
    unit: Unit,
    on: str,
) -> str:
    """The verdict on one contrast.

    Args:
        contrast: who is held against whom.
        compared: the difference.
        decision: its word.
        rules: margin and confidence.
        unit: of the metric.
        on: what it rests on, such as "10 seeds, 370 test items".
    """
    who, than = subject(contrast), contrast.than
    if decision.blocked:
        return _without_interval(contrast, compared, decision, rules, unit)
    sign = 1.0 if rules.higher_is_better else -1.0
    low, high = unit.interval(compared.mean, rules.confidence)
    gain, ends = sign * compared.mean.value, sorted((sign * low, sign * high))
    margin = unit.margin(rules.margin)
    digits = unit.decimals([gain, *ends], (high - low) / 2, (0.0, rules.margin, -rules.margin))
    interval = f"{rules.confidence * 100:g} % interval {_range(ends, unit, digits)}"
    basis = f"({interval}, {on})"
    if decision.word in ("better", "worse"):
        if decision.word == "worse":
            gain, ends = -gain, [-ends[1], -ends[0]]
            basis = f"({rules.confidence * 100:g} % interval {_range(ends, unit, digits)}, {on})"
        near = rules.margin > 0 and ends[0] < rules.margin
        tail = f"; it may be less than the margin of {margin}" if near else ""
        return f"{who} is {decision.word} than {than} by {unit.amount(gain, digits)} {basis}{tail}."
    if decision.word == "same":
        tail = " There is a difference, too small to matter." if decision.significant else ""
        outside = ends[0] < -rules.margin or ends[1] > rules.margin
        narrower = ""
        if outside:
            inner = sorted(sign * end for end in unit.interval(compared.mean, 1 - 2 * (1 - rules.confidence)))
            share = f"{(2 * rules.confidence - 1) * 100:g} %"
            narrower = f"; the {share} interval that decides on sameness is {_range(inner, unit, digits)}"
        return (
            f"{who} and {than} are the same within the margin of {margin}: the difference is "
            f"{unit.amount(gain, digits)} {basis}{narrower}.{tail}"
        )
    return (
        f"Not enough evidence on {within(contrast)} against {than}: the difference is {unit.amount(gain, digits)} "
        f"{basis}{_why_open(ends, decision, rules, margin)}."
    )


def _range(ends: Sequence[float], unit: Unit, digits: int) -> str:
    return f"{unit.number(ends[0], digits)} to {unit.number(ends[1], digits)}"


def _why_open(ends: Sequence[float], decision: Decision, rules: Rules, margin: str) -> str:
    nothing = ends[0] <= 0 <= ends[1]
    beyond = rules.margin > 0 and max(abs(ends[0]), abs(ends[1])) > rules.margin
    if not nothing:
        if decision.comparisons > 1 and decision.p < decision.alpha:
            return (
                f"; the interval leaves out 0, but of {decision.comparisons:,} contrasts some do by chance: "
                f"corrected for that (Holm), {p_said(decision.adjusted)}"
                + (f", and at this look it has to be below {decision.alpha:.2g}" if rules.looks else "")
            )
        return f"; at this look at the results p has to be below {decision.alpha:.2g}; {p_said(decision.p)}"
    if rules.margin <= 0:
        return "; the interval includes 0, and without a margin nothing can be called the same"
    if beyond:
        return f"; the interval includes both nothing and more than the margin of {margin}"
    return f"; corrected for {decision.comparisons:,} contrasts, it cannot be called the same within {margin} either"


def _without_interval(
    contrast: Contrast, compared: Compared, decision: Decision, rules: Rules, unit: Unit
) -> str:
    gain = compared.mean.value * (1.0 if rules.higher_is_better else -1.0)
    start = f"Not enough evidence on {within(contrast)} against {contrast.than}: {decision.blocked}"
    if not math.isfinite(gain):
        return f"{start}."
    if decision.blocked == FEW_PAIRS:
        return f"{start}; in the one that both have, the difference is {unit.short(gain)}."
    return f"{start}; the difference is {unit.short(gain)}."


def rests_on(results: Results, compared: Compared) -> str:
    """What a difference rests on, such as "10 seeds, 370 test items"."""
    pairs = counted(compared.pairs, results.pairs_are)
    if compared.bounded:
        return f"{pairs}, {compared.items:,} test items, whose luck is counted at the most that it can be"
    if compared.items is not None:
        groups = "" if compared.groups is None else f" in {compared.groups:,} groups"
        return f"{pairs}, {compared.items:,} test items{groups}"
    if compared.overlap:
        return f"{pairs}, made longer because their training parts overlap"
    return f"{pairs}; the luck of the test items is not in it"


def counted(number: int, plural: str) -> str:
    """A number with its noun: "1 seed", "10 seeds"."""
    return f"{number:,} {plural.removesuffix('s') if number == 1 else plural}"


def p_said(p: float) -> str:
    """A p value in a sentence: "p = 0.03", "p < 0.0001"."""
    words = p_in_words(p)
    return f"p {words}" if words.startswith("<") else f"p = {words}"


def p_in_words(p: float) -> str:
    """A p value as it is written: "0.03", "0.0004", "< 0.0001"."""
    if math.isnan(p):
        return "unknown"
    if p < 1e-4:
        return "< 0.0001"
    return f"{p:.2g}" if p < 0.995 else "1"


def short_sentence(verdict: Verdict, rules: Rules, unit: Unit) -> str:
    """The verdict without its interval, for the first screen."""
    contrast, gain = verdict.contrast, verdict.difference.value
    who, than = subject(contrast), contrast.than
    if verdict.word == "same":
        return f"{who} and {than} are the same within {unit.margin(rules.margin)}."
    if verdict.word == "open":
        return f"There is not enough evidence on {within(contrast)} against {than}."
    half = (verdict.difference.high - verdict.difference.low) / 2
    size = unit.amount(abs(gain), unit.decimals([gain], half))
    return f"{who} is {verdict.word} than {than} by {size}."


def settled_in_words(verdict: Verdict) -> str:
    """What would settle a verdict, with what looking again does to its level."""
    return f"{verdict.settles}; {verdict.again}" if verdict.again else verdict.settles


def listed(names: Sequence[str], most: int = 5, and_: str = "and") -> str:
    """Names in a sentence: "a, b and c", "a, b, c, d, e and 12 more"."""
    shown = [*names[:most], *([f"{len(names) - most:,} more"] if len(names) > most else [])]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {and_} {shown[-1]}"
