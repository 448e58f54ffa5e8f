"""What follows from the evidence: estimates with intervals, verdicts in words. See `judging`, which makes them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from seqlab.report.evidence import Contrast

# better and worse: of the arm in question than the other; same: within the margin; open: not enough evidence.
Word = Literal["better", "worse", "same", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its interval.

    Args:
        value: the mean.
        low, high: ends of the interval at the confidence of the rules; NaN where there can be none.
        replicates: how many it rests on.
        items: test items it rests on; None where their luck could not be counted.
    """

    value: float
    low: float
    high: float
    replicates: int
    items: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What can be said about one contrast.

    Args:
        contrast: which.
        dataset: on which data set; None: over all of them.
        word: better, worse, same or open.
        difference: of `contrast.arm` minus `contrast.than`, in units of the metric, so that above 0 the arm has more.
        p: two-sided, after Holm's correction over the primary contrasts (plain for an exploratory one).
        sentence: the verdict as a plain sentence with effect and interval.
        conditional: what it is conditional on, such as "for these configurations".
        settles: what would settle it, such as "about 12 more seeds"; empty where it is settled.
        again: what looking again with more pairs does to the level that was promised; empty where nothing would.
        price: what the arm costs beside the other, such as "2.1 times the parameters"; empty where not known.
        shares: share of the variance of the difference that comes from "seeds", "test items" (and "tuning").
        correlation: between the two arms' scores over pairs; NaN where not known.
        wins: probability that a replicate of the arm scores higher than one of the other (ties count half).
        adjusted: p after Holm's correction over all contrasts of its kind, by which the word is chosen; the same as
            `p` for a primary one.
    """

    contrast: Contrast
    dataset: str | None
    word: Word
    difference: Estimate
    p: float
    sentence: str
    conditional: Sequence[str] = ()
    settles: str = ""
    again: str = ""
    price: str = ""
    shares: dict[str, float] | None = None
    correlation: float = float("nan")
    wins: float = float("nan")
    adjusted: float = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A line of the leaderboard.

    Args:
        name: of an arm or a reference.
        dataset: on which data set.
        score: mean with interval.
        middle: interquartile mean over replicates; NaN where there are fewer than four.
        values: one a replicate.
        reference: whether it is something to be beaten.
        of_arm: whose reference, if it belongs to one arm.
        capped: of a reference: to how much of the training data it was fitted, where that is not all of them.
    """

    name: str
    dataset: str
    score: Estimate
    middle: float
    values: Sequence[float]
    reference: bool = False
    of_arm: str | None = None
    capped: str = ""

    @property
    def words(self) -> str:
        """The name, with what has to be known of a reference."""
        kind = "; ".join(filter(None, ("reference" if self.reference else "", self.capped)))
        return f"{self.name} ({kind})" if kind else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class OverDatasets:
    """Arms over several data sets; ranks from ten data sets up.

    Args:
        datasets: their names.
        mean_ranks: arm -> mean rank, 1 is best.
        friedman_p: of all arms being alike; None below ten data sets.
        pairs_p: (arm, than) -> Wilcoxon's p after Holm; empty below ten data sets.
        cliques: groups of arms that cannot be told apart.
        differences: (arm, than) -> mean difference, and on how many data sets it won, tied and lost.
        means: arm -> mean score over the data sets that all arms have, with an interval over data sets; of an arm that
            lacks most of them, over its own.
        references: the same of what has to be beaten, as far as it is known on all of these data sets.
    """

    datasets: Sequence[str]
    mean_ranks: dict[str, float]
    friedman_p: float | None
    pairs_p: dict[tuple[str, str], float]
    cliques: Sequence[tuple[str, ...]]
    differences: dict[tuple[str, str], tuple[float, int, int, int]]
    means: dict[str, Estimate] = field(default_factory=dict)
    references: dict[str, Estimate] = field(default_factory=dict)

    def ordered(self, higher_is_better: bool) -> list[tuple[str, Estimate, bool]]:
        """Name, mean, and whether it is a reference, of all arms and references: best first, unknown means last."""
        rows = [(name, mean, False) for name, mean in self.means.items()]
        rows += [(name, mean, True) for name, mean in self.references.items()]
        sign = -1.0 if higher_is_better else 1.0
        return sorted(rows, key=lambda row: sign * row[1].value if math.isfinite(row[1].value) else math.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that the report says.

    Args:
        answer: one or two sentences.
        sure: how sure, in a sentence.
        costs: what it would cost, in a sentence; empty where not known.
        standings: best first; references among them.
        primary: verdicts on the primary contrasts.
        exploratory: verdicts on all other pairs.
        recurrence: arm -> whether recurrence is needed, in a sentence; empty where there are no references.
        over: arms over several data sets; None for one.
        cautions: what a hostile reviewer would object to, said first.
    """

    answer: str
    sure: str
    costs: str
    standings: Sequence[Standing]
    primary: Sequence[Verdict]
    exploratory: Sequence[Verdict]
    recurrence: dict[str, str]
    over: OverDatasets | None
    cautions: Sequence[str]
