"""Before spending: what could be detected, and how many replicates an interval of a wanted width takes."""

import math
from collections.abc import Callable
from typing import Any

from seqlab.stats.checks import check_confidence
from seqlab.stats.components import Components

# More replicates than anyone trains.
_MOST = 1_000_000
_ENOUGH_FOR_NORMAL = 1e5


def detectable(
    components: Components, replicates: int, items: int, power: float = 0.8, confidence: float = 0.95
) -> float:
    """True difference that a comparison will call different with the given probability.

    The noncentral t with the standard error and the degrees of freedom that `components` gives for so many replicates
    and items (Cohen 1988, Statistical Power Analysis, ch. 2).

    Args:
        components: of the difference of two arms.
        replicates: R; with 1 nothing can be detected, and the answer is infinite.
        items: N.
        power: chance of detecting it, above 1 - confidence and below 1.
        confidence: of the interval that has to leave 0 out.

    Returns:
        In units of the score; 0 where nothing varies, NaN where a component is not known.
    """
    check_confidence(confidence)
    if not 1 - confidence < power < 1:
        raise ValueError(f"power: {power}; allowed: above {1 - confidence:g} and below 1")
    se = components.se(replicates, items)
    if math.isnan(se) or se == 0:
        return se
    if replicates < 2:
        return math.inf
    return se * _noncentrality(components.df(replicates, items), power, confidence)


def replicates_needed(
    components: Components, items: int, half_width: float, confidence: float = 0.95
) -> int | None:
    """Replicates with which the interval reaches no further than `half_width` to either side, all spreads as they are.

    Args:
        components: of the difference of two arms.
        items: N, of the test part that will be used.
        half_width: above 0, in units of the score.
        confidence: of the interval.

    Returns:
        At least 2; None where no number of seeds does it (or only millions), since the test items alone have more luck.
    """
    check_confidence(confidence)
    if not half_width > 0:
        raise ValueError(f"half_width: {half_width}; allowed: above 0")

    def enough(replicates: int) -> bool:
        se, df = components.se(replicates, items), components.df(replicates, items)
        return se == 0 or se * _quantile((1 + confidence) / 2, df) <= half_width

    return None if math.isnan(components.se(2, items)) else _least(enough)


def replicates_to_detect(
    components: Components, items: int, difference: float, power: float = 0.8, confidence: float = 0.95
) -> int | None:
    """Replicates with which a true difference is called different with the given probability; see `detectable`.

    Args:
        components: of the difference of two arms.
        items: N, of the test part that will be used.
        difference: above 0, in units of the score.
        power: chance of detecting it.
        confidence: of the interval that has to leave 0 out.

    Returns:
        At least 2; None where no number of seeds does it (or only millions), since the test items alone have more luck.
    """
    if not difference > 0:
        raise ValueError(f"difference: {difference}; allowed: above 0")
    if math.isnan(detectable(components, 2, items, power, confidence)):
        return None
    return _least(
        lambda replicates: detectable(components, replicates, items, power, confidence) <= difference
    )


def _least(enough: Callable[[int], bool]) -> int | None:
    """The smallest number of replicates from 2 up that is enough; None where not even very many are."""
    if not enough(_MOST):
        return None
    too_few, found = 1, 2
    while not enough(found):
        too_few, found = found, min(2 * found, _MOST)
    while found - too_few > 1:
        middle = (too_few + found) // 2
        too_few, found = (too_few, middle) if enough(middle) else (middle, found)
    return found


def _quantile(share: float, df: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(df, share))


def _noncentrality(df: float, power: float, confidence: float) -> float:
    """By how many standard errors the truth has to differ."""
    from scipy.optimize import brentq
    from scipy.special import nctdtr, ndtri

    share = (1 + confidence) / 2
    if df > _ENOUGH_FOR_NORMAL:
        return float(ndtri(share) + ndtri(power))
    t = _quantile(share, df)

    def beyond(noncentrality: float) -> float:
        return 1 - float(nctdtr(df, noncentrality, t)) - power

    top = t + 10.0
    while beyond(top) < 0:  # with one or two degrees of freedom the standard error itself is of any size
        top *= 2
    root: Any = brentq(beyond, 0.0, top, xtol=1e-10)
    return float(root)


def rounded_up(number: int) -> int:
    """A number of seeds or items that is needed, to the two digits that such an estimate is worth; never too few."""
    step = 10 ** max(len(str(number)) - 2, 0)
    return math.ceil(number / step) * step
