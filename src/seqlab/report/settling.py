"""What would settle an open question, and what looking again does to the level."""

from seqlab import stats
from seqlab.report.comparing import Compared
from seqlab.report.deciding import Decision
from seqlab.report.evidence import Rules

_MOST = 10_000
_MOST_ITEMS = 10**8


def settles(compared: Compared, rules: Rules, pairs_are: str, decision: Decision) -> str:
    """What would settle it if difference and spread stay as they are; empty where nothing can be said.

    The interval has to get narrow enough to leave out 0, or to lie within the margin, whichever is easier, at the level
    that decides after all corrections; where looks were fixed beforehand, at the level of the first look that does it.

    Args:
        compared: the difference.
        rules: the margin.
        pairs_are: what the pairs are, in the plural.
        decision: on this contrast.
    """
    if compared.pairs == 1 or (compared.components is None and compared.pairs > 0):
        return "at least 4 more " + pairs_are if compared.pairs == 1 else ""
    if compared.components is None:
        return "pairs that both arms have"
    value, components = abs(compared.mean.value), compared.components
    for look, share in _further_looks(rules, compared.pairs, pairs_are):
        halves = _halves(value, rules.margin, share / decision.undecided)
        counts = [stats.replicates_needed(components, components.items, half, c) for half, c in halves]
        if any(count is not None and count <= look for count in counts):
            return f"{look - compared.pairs:,} more {pairs_are}"
    alpha = decision.alpha / decision.undecided
    ways = _halves(value, rules.margin, alpha)
    if not ways:
        return "a margin: with one, a difference too small to matter could be called so"
    items = components.items
    counts = [stats.replicates_needed(components, items, half, confidence) for half, confidence in ways]
    needed = min((count for count in counts if count is not None), default=_MOST + 1)
    if needed <= _MOST:
        more_pairs = max(needed - compared.pairs, 1)
        return f"about {more_pairs:,} more {pairs_are.removesuffix('s') if more_pairs == 1 else pairs_are}"
    if compared.overlap:
        return f"other data: more {pairs_are} of the same data do not do it"
    if compared.items is None:
        return f"more than {_MOST:,} {pairs_are}: the difference is too small to be found"
    more = [_items_needed(components, half, confidence) for half, confidence in ways]
    least = min((count for count in more if count is not None), default=None)
    if least is None:
        return "more test items and more " + pairs_are
    what = "test items" if compared.groups is None else "groups of test items"
    return f"more {what} (about {stats.rounded_up(least):,}); more {pairs_are} alone do not do it"


def _halves(value: float, margin: float, alpha: float) -> list[tuple[float, float]]:
    """Half an interval and its confidence: of the test of a difference, and of the two of sameness."""
    return [(half, c) for half, c in ((value, 1 - alpha), (margin - value, 1 - 2 * alpha)) if half > 0]


def _further_looks(rules: Rules, pairs: int, pairs_are: str) -> list[tuple[int, float]]:
    """Looks that were fixed beforehand and are still to come, with the share of alpha that each may spend."""
    alpha = 1 - rules.confidence
    if pairs_are != "seeds":  # numbers of seeds are what looks are at
        return []
    return [(n, stats.alpha_at_look(rules.looks, n, alpha)) for n in rules.looks if n > pairs]


def looking_again(compared: Compared, rules: Rules, pairs_are: str) -> str:
    """What more pairs do to the level at which equal arms are called different; empty where there was no verdict yet.

    Args:
        compared: the difference.
        rules: confidence, and the looks that were fixed.
        pairs_are: what the pairs are, in the plural.
    """
    level = f"{100 * (1 - rules.confidence):.3g} %"
    further = [look for look, _ in _further_looks(rules, compared.pairs, pairs_are)]
    looks = rules.looks if pairs_are == "seeds" else ()
    if len(looks) > 1 and further:
        return (
            f"the look at {further[0]:,} {pairs_are} was fixed beforehand and has its own share of the {level}, so "
            "that looking again keeps the level"
        )
    spent = f"the last look that was fixed, at {looks[-1]:,}," if len(looks) > 1 else "this look"
    where = " (protocol.replicates)" if rules.frozen and pairs_are == "seeds" and len(looks) < 2 else ""
    return (
        f"{spent} has spent the {level}: one more calls equal arms different up to twice as often, unless looks were "
        f"fixed beforehand{where} and share it"
    )


def _items_needed(components: stats.Components, half: float, confidence: float) -> int | None:
    """Test items that do it with the replicates that there are; with four times as many where they do not."""
    for replicates in (components.replicates, 4 * components.replicates):

        def enough(count: int, replicates: int = replicates) -> bool:
            needed = stats.replicates_needed(components, count, half, confidence)
            return needed is not None and needed <= replicates

        few, items = components.items, components.items * 2
        while not enough(items):
            few, items = items, items * 4
            if items > _MOST_ITEMS:
                break
        else:
            while items - few > max(1, items // 50):
                middle = (few + items) // 2
                few, items = (few, middle) if enough(middle) else (middle, items)
            return items
    return None
