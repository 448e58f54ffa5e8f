"""From differences to words: better, worse, the same within the margin, or not enough evidence."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seqlab import stats
from seqlab.report.comparing import Compared
from seqlab.report.evidence import Contrast, Evidence, Rules
from seqlab.report.findings import Word

# With fewer pairs an interval is too short too often (docs/statistics.md).
FEWEST = 3
TOO_FEW = "two of each are too few for a verdict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A word with the numbers behind it.

    Args:
        word: the verdict.
        p: two-sided, plain.
        adjusted: p after Holm's correction over all contrasts of its kind.
        significant: whether there is a difference, be it too small to matter.
        alpha: below which p decides.
        comparisons: over how many the correction went.
        undecided: how many of them are open.
        blocked: why no verdict may be given; empty where one may.
    """

    word: Word
    p: float
    adjusted: float
    significant: bool
    alpha: float
    comparisons: int
    undecided: int = 1
    blocked: str = ""


def decide(
    compared: Sequence[Compared],
    contrasts: Sequence[Contrast],
    rules: Rules,
    *,
    family: int | None = None,
    blocked: Mapping[str, str] | None = None,
    over: bool = False,
) -> list[Decision]:
    """Give every contrast of one kind its word.

    Args:
        compared: the differences.
        contrasts: whose they are.
        rules: margin, confidence, looks.
        family: over how many contrasts p is corrected, if these were picked from more by their results.
        blocked: arm -> why no verdict may be given on it.
        over: whether the pairs are data sets, of which the answer says how few there are.
    """
    alpha = alpha_of(compared, rules)
    plain = [c.mean.p() if not c.why_not else math.nan for c in compared]
    inside = [c.mean.p_within(rules.margin) if not c.why_not and rules.margin > 0 else 1.0 for c in compared]
    adjusted, adjusted_inside = corrected(plain, family), corrected(inside, family)
    decisions: list[Decision] = []
    for place, (c, contrast) in enumerate(zip(compared, contrasts, strict=True)):
        why = next((blocked[a] for a in (contrast.arm, contrast.than) if blocked and a in blocked), "")
        why = why or c.why_not or (TOO_FEW if c.pairs < FEWEST and not over else "")
        significant = not why and adjusted[place] < alpha
        word: Word = "open"
        if not why and rules.margin > 0 and adjusted_inside[place] < alpha:
            word = "same"
        elif significant:
            word = "better" if (c.mean.value > 0) == rules.higher_is_better else "worse"
        decisions.append(
            Decision(
                word=word,
                p=plain[place],
                adjusted=adjusted[place],
                significant=significant,
                alpha=alpha,
                comparisons=family or len(compared),
                blocked=why,
            )
        )
    undecided = (family or len(decisions)) - sum(decision.word != "open" for decision in decisions)
    return [dataclasses.replace(decision, undecided=max(undecided, 1)) for decision in decisions]


def corrected(p: Sequence[float], family: int | None) -> list[float]:
    """Holm's correction; NaN stays NaN, and counts as one of the contrasts.

    Args:
        p: plain.
        family: how many there would be if these had not been picked by their results; the rest count as smaller than
            none, so that the k-th smallest is multiplied by family + 1 - k, which is at least what Holm would do.
    """
    values = np.array([1.0 if math.isnan(value) else value for value in p])
    if not len(values):
        return []
    if family is None or family <= len(values):
        found = np.asarray(stats.holm(values))
    else:
        order = np.argsort(values)
        raised = np.minimum(1.0, values[order] * (family - np.arange(len(values))))
        found = np.empty(len(values))
        found[order] = np.maximum.accumulate(raised)
    return [math.nan if math.isnan(plain) else float(value) for plain, value in zip(p, found, strict=True)]


def alpha_of(compared: Sequence[Compared], rules: Rules) -> float:
    """Below which p decides: all of it, or what this look at the results may spend of it."""
    alpha = 1 - rules.confidence
    if len(rules.looks) < 2:
        return alpha
    count = max((c.pairs for c in compared), default=0)
    look = next((look for look in rules.looks if look >= count), rules.looks[-1])
    return float(stats.alpha_at_look(rules.looks, look, alpha))


def family_of(evidence: Evidence, primary: Sequence[Contrast], exploratory: Sequence[Contrast]) -> int | None:
    """Over how many pairs exploratory verdicts are corrected: all that there are, even if few of them are shown."""
    A = len(evidence.arms)
    pairs = A * (A - 1) // 2 - len({frozenset((c.arm, c.than)) for c in primary})
    return pairs if pairs > len({frozenset((c.arm, c.than)) for c in exploratory}) else None
