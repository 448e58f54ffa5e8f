"""From evidence to findings: every difference with its interval, its verdict in words, and what it is conditional on.

How a verdict comes about stands in docs/report.md.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np

from seqlab.report.answering import answer, costs, sure
from seqlab.report.cautions import cautions, read_before
from seqlab.report.comparing import Compared, compare
from seqlab.report.contrasts import completed
from seqlab.report.deciding import TOO_FEW, Decision, decide, family_of
from seqlab.report.evidence import MANY_TUNINGS, Contrast, Evidence, Results, Rules
from seqlab.report.findings import Estimate, Findings, OverDatasets, Verdict
from seqlab.report.over_datasets import Pairs, over_datasets, wins_ties_losses
from seqlab.report.pricing import price
from seqlab.report.pruned import beside_verdict
from seqlab.report.recurrence import in_short, recurrence
from seqlab.report.sentences import counted, p_said, rests_on, verdict_sentence
from seqlab.report.settling import looking_again, settles
from seqlab.report.standing import standings
from seqlab.report.units import Unit, check_sizes, unit_of

# Verdicts on single data sets beside those over all of them; more are not read.
_MOST_SINGLE = 60
_WIDTHS = {
    "compared": "at the widths that the arms set",
    "tuned_under_cap": "with the width of every arm tuned under one cap of cost",
    "solved": "with widths solved so that all arms cost the same",
}


def judge(evidence: Evidence) -> Findings:
    """Say what follows from the evidence.

    Args:
        evidence: arms with their scores, contrasts and rules.

    Returns:
        Estimates with intervals, and verdicts in words.

    Raises:
        UserError: for scores too large or too small for their spread to be computed.
    """
    check_sizes(evidence.rules.metric, [s for r in evidence.results for s in r.scores.values()])
    unit = unit_of(evidence)
    primary, exploratory = completed(evidence)
    family = family_of(evidence, primary, exploratory)
    over: OverDatasets | None = None
    if len(evidence.results) > 1:
        pairs = Pairs(evidence)
        over = over_datasets(evidence, pairs, unit)
        first = _over(evidence, pairs, primary, unit, over, None)
        second = _over(evidence, pairs, exploratory, unit, over, family)
        second += _single(evidence, primary or exploratory, unit)
    elif evidence.results:
        (results,) = evidence.results
        first = _on(evidence, results, primary, unit, None)
        second = _on(evidence, results, exploratory, unit, family)
    else:
        first, second = [], []
    lines = standings(evidence)
    needed = recurrence(evidence, unit)
    return Findings(
        answer=" ".join(
            filter(None, (answer(evidence, first, second, over, unit), in_short(evidence, needed, unit)))
        ),
        sure=sure(evidence, first, second, unit),
        costs=costs(evidence, first, second, over),
        standings=lines,
        primary=first,
        exploratory=second,
        recurrence=needed,
        over=over,
        cautions=cautions(evidence, unit, [*first, *second], lines, over),
    )


def _on(
    evidence: Evidence, results: Results, contrasts: Sequence[Contrast], unit: Unit, family: int | None
) -> list[Verdict]:
    """Verdicts on one data set."""
    rules = evidence.rules
    compared = [compare(results, rules.metric, contrast.arm, contrast.than) for contrast in contrasts]
    blocked = evidence.tuning.blocked if evidence.tuning is not None else {}
    decisions = decide(compared, contrasts, rules, family=family, blocked=blocked)
    prices = _prices(evidence)
    return [
        _verdict(
            evidence,
            contrast,
            c,
            decision,
            unit,
            prices,
            dataset=results.dataset,
            on=rests_on(results, c),
            pairs_are=results.pairs_are,
            conditional=_conditional(evidence, results),
        )
        for contrast, c, decision in zip(contrasts, compared, decisions, strict=True)
    ]


def _over(
    evidence: Evidence,
    pairs: Pairs,
    contrasts: Sequence[Contrast],
    unit: Unit,
    over: OverDatasets,
    family: int | None,
) -> list[Verdict]:
    """Verdicts over all data sets, each of which counts once."""
    rules = dataclasses.replace(evidence.rules, looks=())  # those are at seeds
    compared = [pairs.compare(contrast.arm, contrast.than) for contrast in contrasts]
    blocked = evidence.tuning.blocked if evidence.tuning is not None else {}
    decisions = decide(compared, contrasts, rules, family=family, blocked=blocked, over=True)
    found: list[Verdict] = []
    prices = _prices(evidence)
    for contrast, c, decision in zip(contrasts, compared, decisions, strict=True):
        wins, ties, losses = wins_ties_losses(c.a, c.b, evidence.rules.higher_is_better)
        on = f"{counted(c.pairs, 'data sets')}: {wins} won, {ties} tied, {losses} lost"
        conditional = ["over these data sets, each of which counts once", *_conditional(evidence, None)]
        ranked = over.pairs_p.get((contrast.arm, contrast.than))
        if ranked is not None:
            agrees = (ranked < decision.alpha) == decision.significant
            also = "ranks agree" if agrees else "ranks say otherwise"
            conditional.append(f"{also}: Wilcoxon's {p_said(ranked)} after Holm over all pairs")
        found.append(
            _verdict(
                dataclasses.replace(evidence, rules=rules),
                contrast,
                c,
                decision,
                unit,
                prices,
                dataset=None,
                on=on,
                pairs_are="data sets",
                conditional=conditional,
            )
        )
    return found


def _single(evidence: Evidence, contrasts: Sequence[Contrast], unit: Unit) -> list[Verdict]:
    """Verdicts on single data sets, which are exploratory; none where no data set has more than one run an arm."""
    results = [r for r in evidence.results if len(r.pairs) > 1]
    if len(results) * len(contrasts) > _MOST_SINGLE:
        return []
    family = len(results) * len(contrasts)
    asked = [
        Contrast(name=c.name, arm=c.arm, than=c.than, primary=False, differs=c.differs) for c in contrasts
    ]
    return [verdict for r in results for verdict in _on(evidence, r, asked, unit, family)]


def _verdict(
    evidence: Evidence,
    contrast: Contrast,
    compared: Compared,
    decision: Decision,
    unit: Unit,
    prices: Callable[[Contrast], str],
    *,
    dataset: str | None,
    on: str,
    pairs_are: str,
    conditional: Sequence[str],
) -> Verdict:
    rules = evidence.rules
    low = high = math.nan
    if not compared.why_not:
        low, high = unit.interval(compared.mean, rules.confidence)
    items = compared.items
    settled_by = _settles(compared, decision, rules, pairs_are)
    return Verdict(
        contrast=contrast,
        dataset=dataset,
        word=decision.word,
        difference=Estimate(
            value=compared.mean.value, low=low, high=high, replicates=compared.pairs, items=items
        ),
        p=decision.adjusted if contrast.primary else decision.p,
        sentence=verdict_sentence(contrast, compared, decision, rules, unit, on),
        conditional=[
            *conditional,
            *beside_verdict(evidence.tuning, contrast),
            *_missing(compared, pairs_are),
        ],
        settles=settled_by,
        again=looking_again(compared, rules, pairs_are) if _looks_again(settled_by, decision) else "",
        price=prices(contrast),
        shares=compared.shares(),
        correlation=compared.correlation,
        wins=compared.wins,
        adjusted=decision.adjusted,
    )


def _settles(compared: Compared, decision: Decision, rules: Rules, pairs_are: str) -> str:
    if decision.word != "open":
        return ""
    if decision.blocked == TOO_FEW:
        return f"at least 4 more {pairs_are}"
    if decision.blocked and not compared.why_not:  # whatever more seeds say, there is no verdict
        return "tuning all arms again, in a wider range"
    return settles(compared, rules, pairs_are, decision)


def _looks_again(settled_by: str, decision: Decision) -> bool:
    """Whether it takes a second look: a contrast without a verdict has not been looked at yet."""
    return "more" in settled_by and not decision.blocked


def _prices(evidence: Evidence) -> Callable[[Contrast], str]:
    """What the arm of a contrast costs beside the other."""
    arms = {arm.name: arm for arm in evidence.arms}
    return lambda contrast: price(arms[contrast.arm], arms[contrast.than])


def _missing(compared: Compared, pairs_are: str) -> list[str]:
    if not compared.missing:
        return []
    verb = "is" if compared.missing == 1 else "are"
    return [
        f"on the pairs that both have: {counted(compared.missing, pairs_are)} of one arm alone {verb} left out"
    ]


def _conditional(evidence: Evidence, results: Results | None) -> list[str]:
    """What verdicts are conditional on, most important first."""
    rules = evidence.rules
    words: list[str] = []
    if before := read_before(evidence):
        words.append(
            f"exploratory: the test part was read before ({before} times)"
            if before > 1
            else "exploratory: the test part was read before (once)"
        )
    if rules.tunings is not None and rules.tunings < MANY_TUNINGS:
        times = {1: "once", 2: "twice"}.get(rules.tunings, f"{rules.tunings} times")
        words.append(f"for these configurations (tuning was done {times})")
    elif rules.tunings is not None:
        words.append(f"for arms as they are tuned here (tuning was done {rules.tunings} times)")
    if rules.width is not None:
        words.append(_WIDTHS[rules.width])
    if results is not None:
        words.append(f"on this data set ({results.dataset})" if results.dataset else "on this data set")
        if np.isfinite(results.overlap or 0.0) and results.overlap:
            words.append("for training parts that overlap (Nadeau and Bengio 2003)")
    return words
