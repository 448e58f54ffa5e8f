"""Which difference a comparison could find with its seeds and test items, beside the margin that it is about."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from seqlab import stats

# Standard deviations, over seeds, of the difference of two arms' accuracy that are commonly seen.
SEED_DEVIATIONS = (0.005, 0.01, 0.02)
# Shares of test items on which two good models commonly differ in being right.
DISAGREEMENTS = (0.02, 0.05, 0.1)
# Of which the middle ones are taken where one has to be.
_DEVIATION, _DISAGREEMENT = 0.01, 0.05
_LEVEL = 0.05
_MOST_SEEDS, _MOST_ITEMS = 10_000, 10**7


@dataclass(frozen=True, slots=True, kw_only=True)
class Detectable:
    """The smallest true difference that is found in four of five comparisons.

    Args:
        deviation: assumed standard deviation of the difference over seeds.
        disagreement: assumed share of test items on which two arms differ in being right.
        difference: what can be detected, by number of replicates.
    """

    deviation: float
    disagreement: float
    difference: dict[int, float]


def detectable(looks: Sequence[int], items: int, contrasts: int) -> list[Detectable]:
    """What could be detected, for what is commonly seen of seeds and items.

    Args:
        looks: numbers of pairs at which the results are looked at; every look has its share of the 5 %.
        items: test items.
        contrasts: primary ones, over which Holm's correction goes; the first of them has the least of the 5 %.
    """
    return [
        Detectable(
            deviation=deviation,
            disagreement=disagreement,
            difference={
                look: stats.detectable(
                    _components(deviation, disagreement, items),
                    look,
                    items,
                    confidence=_confidence(looks, look, contrasts),
                )
                for look in looks
            },
        )
        for disagreement in DISAGREEMENTS
        for deviation in SEED_DEVIATIONS
    ]


def beside_margin(looks: Sequence[int], items: int, contrasts: int, margin: float) -> str:
    """Whether a difference as large as the margin would be found, and if not, what would find it.

    Args:
        looks: numbers of pairs at which the results are looked at; the last is the most.
        items: test items.
        contrasts: primary ones.
        margin: below which a difference does not matter, as a share.
    """
    seeds, confidence = looks[-1], _confidence(looks, looks[-1], contrasts)
    components = _components(_DEVIATION, _DISAGREEMENT, items)
    smallest = stats.detectable(components, seeds, items, confidence=confidence)
    table = [row.difference[seeds] for row in detectable(looks, items, contrasts)]
    start = (
        f"With {seeds:,} seeds and {items:,} test items the smallest difference that would be found 80 % of the time "
        f"is {_points(smallest)}, if seeds move it by {_points(_DEVIATION)} and arms disagree on "
        f"{100 * _DISAGREEMENT:g} % of items ({_points(min(table))} to {_points(max(table))} over the table)"
    )
    if smallest <= margin:
        return f"{start}: a difference of the margin, {_points(margin)}, would be found."
    more = stats.replicates_to_detect(components, items, margin, confidence=confidence)
    told = f"above the margin of {_points(margin)}: expect 'not enough evidence' for smaller ones"
    if more is not None and more <= _MOST_SEEDS:
        return f"{start}, {told}; about {stats.rounded_up(more):,} seeds would bring it to the margin."
    for many in (seeds, 2 * seeds, 4 * seeds):
        needed = _items_needed(many, margin, confidence)
        if needed is not None:
            with_ = "these seeds" if many == seeds else f"{many:,} seeds"
            return (
                f"{start}, {told}; no number of seeds brings it to the margin, for the test items are too few (about "
                f"{stats.rounded_up(needed):,} would do it with {with_})."
            )
    return f"{start}, {told}; it takes many more seeds and test items to bring it to the margin."


def _components(deviation: float, disagreement: float, items: int) -> stats.Components:
    return stats.Components(
        replicate=deviation**2, item=disagreement / 2, interaction=disagreement / 2, replicates=2, items=items
    )


def _confidence(looks: Sequence[int], look: int, contrasts: int) -> float:
    return 1 - stats.alpha_at_look(looks, look, _LEVEL) / max(contrasts, 1)


def _items_needed(seeds: int, margin: float, confidence: float) -> int | None:
    items = 2
    while items <= _MOST_ITEMS:
        components = _components(_DEVIATION, _DISAGREEMENT, items)
        if stats.detectable(components, seeds, items, confidence=confidence) <= margin:
            return items
        items = math.ceil(items * 1.05)
    return None


def _points(share: float) -> str:
    return f"{100 * share:.1f} points" if round(100 * share, 1) != 1 else "1 point"
