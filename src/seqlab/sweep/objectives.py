"""What a search may improve: the metrics there are, which way is better, and how a value is written."""

import math
from collections.abc import Sequence

from seqlab.config.sweep import ObjectiveConfig
from seqlab.errors import ConfigError, nearest
from seqlab.results import LOWER_IS_BETTER, METRICS

VALIDATION = tuple(f"validation.{metric}" for metric in METRICS)
COSTS = ("cost.parameters", "cost.flops", "cost.latency_ms")
KNOWN = (*VALIDATION, *COSTS)
# Whole numbers, and large ones.
_COUNTS = ("cost.parameters", "cost.flops")


def check_objectives(objectives: Sequence[ObjectiveConfig]) -> None:
    """Hold every objective to the metrics that there are.

    Raises:
        ConfigError: for an unknown metric, one that a trial may not see, or one that is named twice.
    """
    for place, objective in enumerate(objectives):
        key, metric = f"objective.{place}.metric", objective.metric
        if metric not in KNOWN:
            near = nearest(metric, KNOWN)
            if metric.startswith(("test.", "train.")) and f"validation.{metric.partition('.')[2]}" in KNOWN:
                near = f"validation.{metric.partition('.')[2]}"
            raise ConfigError(key, metric, ", ".join(KNOWN), near)
        if metric in [earlier.metric for earlier in objectives[:place]]:
            raise ConfigError(key, metric, "every metric once")


def maximize(objective: ObjectiveConfig) -> bool:
    """Whether more is better."""
    if objective.direction != "auto":
        return objective.direction == "maximize"
    return not is_cost(objective.metric) and objective.metric.partition(".")[2] not in LOWER_IS_BETTER


def directions(objectives: Sequence[ObjectiveConfig]) -> list[str]:
    """For every objective Optuna's word for its direction: maximize or minimize."""
    return ["maximize" if maximize(objective) else "minimize" for objective in objectives]


def worst(objective: ObjectiveConfig) -> float:
    """The value of a trial that diverged."""
    return -math.inf if maximize(objective) else math.inf


def is_cost(metric: str) -> bool:
    """Whether a metric is a cost, known without validation data."""
    return metric.startswith("cost.")


def validation_metrics(objectives: Sequence[ObjectiveConfig]) -> list[str]:
    """Names of the scores among the objectives, such as "accuracy"."""
    return [o.metric.partition(".")[2] for o in objectives if not is_cost(o.metric)]


def costs(objectives: Sequence[ObjectiveConfig]) -> list[str]:
    """Names of the costs among the objectives, such as "parameters"."""
    return [o.metric.partition(".")[2] for o in objectives if is_cost(o.metric)]


def short_name(metric: str) -> str:
    """The name for the head of a column: "accuracy", "parameters", "latency ms"."""
    return metric.partition(".")[2].replace("_", " ")


def value_in_words(metric: str, value: float | None, digits: int = 3) -> str:
    """A value as people read it: 0.944 for a score, 12,345 for a count, a dash where there is none.

    Args:
        metric: whose value it is.
        value: the value.
        digits: of a score, behind the point.
    """
    if value is None:
        return "-"
    if metric in _COUNTS:
        return f"{value:,.0f}"
    if value and (abs(value) < 10.0**-digits or abs(value) >= 1e5):
        return f"{value:.2e}"
    return f"{value:.{digits}f}"
