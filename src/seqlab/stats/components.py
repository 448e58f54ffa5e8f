"""Where the chance in a mean over replicates and test items comes from, and how large it would be with more of them.

A score of replicate r on test item i is taken as

    x_ri = mean + a_r + b_i + c_ri

a_r the luck of the replicate (its seed), b_i that of the item, c_ri what only this replicate does on this item. With R
replicates and N items the mean has the variance var(a)/R + var(b)/N + var(c)/(RN) (Cornfield and Tukey 1956, Annals of
Mathematical Statistics 27, 907-949).
"""

import math
from dataclasses import dataclass

# As good as infinite, and still a number that can be written to a file.
_MOST_DF = 1e9
# Welch and Satterthwaite have 2. With that, intervals are short where one variance leads and a second one matters: with
# 5 replicates 94.2 % instead of 95 % in the worst case, with 1.5 94.6 to 97.0 %; docs/statistics.md.
_POWER = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """Variances of a score, or of the difference of two arms' scores.

    Args:
        replicate: var(a), between replicates, with all items of the world.
        item: var(b), between test items (or groups of them), averaged over all seeds of the world.
        interaction: var(c), of what a replicate does on one item.
        replicates: R, from which they were estimated.
        items: N, from which they were estimated; groups, where items were resampled in groups.
    """

    replicate: float
    item: float
    interaction: float
    replicates: int
    items: int

    def se(self, replicates: int, items: int) -> float:
        """Standard error of the mean over so many replicates and test items."""
        return math.sqrt(sum(self._parts(replicates, items)))

    def shares(self) -> dict[str, float]:
        """Share of the variance of the mean that comes from "seeds" and from "test items"; they add up to 1.

        What a replicate does on one item shrinks with more of either, and counts half for each. Both are NaN where
        there is no variance, or it is not known.
        """
        seeds, items, both = self._parts(self.replicates, self.items)
        total = seeds + items + both
        if not total > 0:
            return {"seeds": math.nan, "test items": math.nan}
        return {"seeds": (seeds + both / 2) / total, "test items": (items + both / 2) / total}

    def df(self, replicates: int, items: int) -> float:
        """Degrees of freedom that a standard error estimated from so many would have; see `degrees`."""
        a, b, c = self._parts(replicates, items)
        return degrees(a + c, b + c, c, float(replicates - 1), float(items - 1))

    def _parts(self, replicates: int, items: int) -> tuple[float, float, float]:
        R, N = replicates, items
        if R < 1 or N < 1:
            raise ValueError(f"replicates, items: {R}, {N}; allowed: at least 1")
        return self.replicate / R, self.item / N, self.interaction / (R * N)


def variance(seeds: float, items: float, both: float) -> float:
    """Variance of the mean from what was observed of it.

    Var(a)/R + var(b)/N + var(c)/(RN) is estimated without bias by `seeds + items - both`, since each of the first two
    holds the third. That can come out too small, or below 0. As no variance is below 0, it is never less than any of
    the three: replicates that differ less than the interaction alone would make them count as having no luck of their
    own, and items likewise.

    Args:
        seeds: variance between the means of replicates / R.
        items: variance between the means of items / N.
        both: residual variance / (RN).
    """
    return max(seeds + items - both, seeds, items, both)


def degrees(seeds: float, items: float, both: float, replicate_df: float, item_df: float) -> float:
    """Degrees of freedom of `variance`, after Satterthwaite 1946 (Biometrics Bulletin 2, 110-114) and Welch.

    1/df is the sum of (part / variance)^1.5 / (degrees of freedom of the part); their formula has the power 2. A part
    that `variance` has left out counts for nothing. Never less than the smaller of the two.

    Args:
        seeds: as of `variance`.
        items: as of `variance`.
        both: as of `variance`.
        replicate_df: R - 1; 0 where `seeds` is taken as known.
        item_df: N - 1, or less where items are of unequal weight; 0 where `items` is taken as known.

    Returns:
        Always finite and above 0.
    """
    total = variance(seeds, items, both)
    known = [df for df in (replicate_df, item_df) if df > 0]
    if not known:
        return _MOST_DF
    if total <= 0:
        return min(known)
    both_df = math.prod(known)
    if seeds <= both and items <= both:
        return both_df
    inverse = 0.0
    if seeds > both and replicate_df > 0:
        inverse += (seeds / total) ** _POWER / replicate_df
    if items > both and item_df > 0:
        inverse += (items / total) ** _POWER / item_df
    if seeds > both and items > both:
        inverse += (both / total) ** _POWER / both_df
    return min(max(1 / inverse, min(known)), _MOST_DF) if inverse > 0 else _MOST_DF
