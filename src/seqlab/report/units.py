"""Numbers in words: points where a metric is a share, its own unit elsewhere; as many digits as are known."""

import itertools
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from seqlab import stats
from seqlab.errors import UserError
from seqlab.report.evidence import Evidence, FloatArray

WORDS = {
    "accuracy": "accuracy",
    "acc": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "f1_macro": "macro F1",
    "f1": "F1",
    "auroc": "area under the ROC curve",
    "error_rate": "error rate",
}
# Metrics that are shares, so that a hundredth of them is a point.
_SHARES = frozenset(
    {
        "accuracy",
        "acc",
        "top1",
        "top5",
        "f1",
        "fscore",
        "f1score",
        "auroc",
        "auc",
        "rocauc",
        "aucroc",
        "auprc",
        "ap",
    }
    | {
        "map",
        "precision",
        "recall",
        "sensitivity",
        "specificity",
        "iou",
        "miou",
        "dice",
        "hits",
        "exactmatch",
        "em",
    }
    | {"errorrate", "error", "err", "wer", "cer", "per"}
)
_LOWER = frozenset(
    {
        "loss",
        "error",
        "err",
        "errorrate",
        "wer",
        "cer",
        "per",
        "rmse",
        "mse",
        "mae",
        "mape",
        "smape",
        "mase",
        "nll",
    }
    | {
        "bce",
        "crossentropy",
        "logloss",
        "perplexity",
        "ppl",
        "brier",
        "ece",
        "regret",
        "seconds",
        "time",
        "latency",
    }
    | {"duration", "bpc", "bpb", "fid", "crps", "parameters", "flops"}
)
# Metrics that cannot be below 0.
_NEVER_BELOW_0 = frozenset(
    {"rmse", "mse", "mae", "mape", "smape", "mase", "brier", "ece", "crps", "perplexity", "ppl", "fid"}
    | {"seconds", "time", "latency", "duration", "parameters", "flops"}
)
# Squares of numbers beyond these are no numbers any more.
_LARGEST, _SMALLEST = 1e100, 1e-100
# Numbers with more digits than this before or behind the point are written with a power of ten.
_MOST_PLACES, _MOST_DIGITS = 8, 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """How a metric is spoken of.

    Args:
        words: its name in words.
        points: whether it is a share, spoken of in points (hundredths).
        lowest, highest: beyond which no score can lie.
    """

    words: str
    points: bool
    lowest: float = -math.inf
    highest: float = math.inf

    def cut(self, low: float, high: float) -> tuple[float, float]:
        """The ends of a score's interval, cut where no score can lie: that changes nothing of how often it holds."""
        return max(low, self.lowest), min(high, self.highest)

    def interval(self, difference: stats.Mean, confidence: float) -> tuple[float, float]:
        """The interval of a difference of two scores, cut where none can lie."""
        low, high = difference.interval(confidence)
        span = self.highest - self.lowest
        return max(low, -span), min(high, span)

    def amount(self, value: float, decimals: int) -> str:
        """A difference with its unit, such as "2.1 points of accuracy" or "0.031 in rmse"."""
        number = self.number(value, decimals)
        if not self.points:
            return f"{number} in {self.words}"
        return f"{number} {'point' if float(number) == 1 else 'points'} of {self.words}"

    def short(self, value: float, decimals: int | None = None) -> str:
        """A difference such as "2.1 points" or "0.031"."""
        number = self.number(value, self.decimals([value]) if decimals is None else decimals)
        if not self.points:
            return number
        return f"{number} {'point' if float(number) == 1 else 'points'}"

    def margin(self, value: float) -> str:
        """The margin as it was given: "1 point", "0.05"."""
        number = f"{value * 100:.6g}" if self.points else f"{value:.6g}"
        if not self.points:
            return number
        return f"{number} {'point' if number == '1' else 'points'}"

    def level(self, value: float, decimals: int | None = None) -> str:
        """A score, such as "97.3 %" or "0.31"."""
        if not math.isfinite(value):
            return "unknown"
        number = self.number(value, self.decimals([value]) if decimals is None else decimals)
        return f"{number} %" if self.points else number

    def number(self, value: float, decimals: int) -> str:
        """The bare number; never a minus before a zero."""
        if not math.isfinite(value):
            return "unknown"
        shown = value * 100 if self.points else value
        text = f"{shown:.{decimals}f}"
        if shown != 0 and (decimals > _MOST_PLACES or abs(shown) >= 10**_MOST_DIGITS):
            places = decimals + math.floor(math.log10(abs(shown)))
            text = f"{shown:.{min(max(places, 0), 4)}e}"
        return text.removeprefix("-") if not any(c in "123456789" for c in text) else text

    def decimals(
        self, values: Iterable[float], half: float = math.nan, borders: Iterable[float] = (0.0,)
    ) -> int:
        """Digits behind the point: two that the half-width leaves standing, and enough to keep values off borders.

        Args:
            values: what is to be shown.
            half: half the width of the interval around them; NaN where there is none.
            borders: such as 0 and the margin: a value that is not one of them must not look as if it were.
        """
        factor = 100.0 if self.points else 1.0
        shown = [value * factor for value in values if math.isfinite(value)]
        limits = [border * factor for border in borders]
        size = half * factor
        if not (math.isfinite(size) and size > 0):
            size = max(map(abs, shown), default=1.0) * (0.1 if not self.points else 1.0)
        least = 1 if self.points else 0
        places = least if size <= 0 else max(least, 1 - math.floor(math.log10(size)) - self.points)
        for _ in range(3):
            if not any(_hides(value, limit, places) for value in shown for limit in limits):
                break
            places += 1
        return places


def _hides(value: float, limit: float, places: int) -> bool:
    return (
        abs(value - limit) > 1e-9 * max(1.0, abs(limit))
        and f"{abs(value - limit):.{places}f}".strip("0.") == ""
    )


def unit_of(evidence: Evidence) -> Unit:
    """How the metric of a report is spoken of: in points if all its scores are shares."""
    metric, rules = evidence.rules.metric, evidence.rules
    scores = [values for results in evidence.results for values in results.scores.values()]
    words = WORDS.get(metric.lower(), metric)
    points = is_share(metric, rules.higher_is_better, scores)
    if points:
        return Unit(words=words, points=True, lowest=0.0, highest=1.0)
    below = any(bool((values < 0).any()) for values in scores)
    lowest = 0.0 if not below and not _NEVER_BELOW_0.isdisjoint(_parts(metric)) else -math.inf
    return Unit(words=words, points=False, lowest=lowest)


def check_sizes(metric: str, scores: Iterable[FloatArray]) -> None:
    """Refuse scores of which no spread can be computed.

    Raises:
        UserError: for the first that is too large or too small.
    """
    for values in scores:
        size = np.abs(values[np.isfinite(values)])
        wrong = (size > _LARGEST) | ((size < _SMALLEST) & (size > 0))
        if wrong.any():
            raise UserError(
                f"{metric}: {float(size[wrong][0]):g} is too {'large' if size[wrong][0] > 1 else 'small'} for its "
                f"spread to be computed\nallowed: 0, and {_SMALLEST:g} to {_LARGEST:g} in size; take other units"
            )


def is_share(metric: str, higher_is_better: bool, scores: Iterable[FloatArray]) -> bool:
    """Whether scores lie between 0 and 1 and have a name that does not speak against a share."""
    if not higher_is_better and not named_share(metric):
        return False
    found = np.concatenate([np.ravel(values) for values in scores] or [np.zeros(0)])
    found = found[np.isfinite(found)]
    return bool(len(found)) and bool(((found >= 0) & (found <= 1)).all())


def _parts(metric: str) -> set[str]:
    """The words of a column's name, singly and with the one behind: test_error_rate has errorrate."""
    parts = [part for part in re.split(r"[^a-z0-9]+", metric.lower()) if part]
    return {*parts, *(a + b for a, b in itertools.pairwise(parts))}


def named_share(metric: str) -> bool:
    """Whether a name is one of metrics that are shares, or percentages."""
    return not _SHARES.isdisjoint(_parts(metric))


def named_percent(metric: str) -> bool:
    """Whether a name says that its numbers are per cent: "accuracy (%)", "acc_pct", "top1 [percent]"."""
    return "%" in metric or not {"percent", "pct", "percentage"}.isdisjoint(_parts(metric))


def without_percent(metric: str) -> str:
    """The name of a metric without the unit that its numbers no longer have."""
    bare = re.sub(
        r"[\s_.-]*[(\[]?\s*(%|\bpercent(age)?|(?<![a-z])pct|(?<![a-z])percent(age)?)\s*[)\]]?\s*$",
        "",
        metric,
        flags=re.I,
    )
    return bare or metric


def named_lower(metric: str) -> bool:
    """Whether a name is one of metrics of which less is better."""
    return not _LOWER.isdisjoint(_parts(metric))
