"""Which settings mattered, asked in two ways that answer different questions; and bests at the edge of their range.

PED-ANOVA (Watanabe et al. 2023, https://arxiv.org/abs/2304.10255) asks what tells the best trials from all others;
fANOVA (Hutter et al. 2014) fits a forest to the values and asks how much of their variance over the whole space each
setting explains. A setting that ruins a run at one end of its range, and does nothing elsewhere, is great to the second
and may be nothing to the first.
"""

import contextlib
import math
import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seqlab.config.sweep import Scalar
from seqlab.results import TrialRow
from seqlab.sweep.space import Parameter

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

# Fewer trials say nothing about settings.
FEWEST = 10
# The forest takes a minute for 2,000 trials, and two seconds for these many, evenly picked; it learns the same.
_MOST_FOR_FOREST = 400
MEANING = {
    "PED-ANOVA": "which settings tell the best tenth of the trials (at least five) from the others",
    "fANOVA": "the share of the variance of the value, over the whole space, that a setting explains by itself",
}
_EDGE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Importances:
    """Of the settings of one arm.

    Args:
        ped_anova: setting -> share; they add up to 1. Most important first; empty where nothing can be said.
        fanova: setting -> share of the variance; what is left to 1 lies in combinations of settings.
        left_out: settings that were not asked for in every trial, so that neither method can weigh them.
        why_not: why nothing can be said; None where something can.
    """

    ped_anova: dict[str, float]
    fanova: dict[str, float]
    left_out: tuple[str, ...] = ()
    why_not: str | None = None


def prepare_importances() -> None:
    """Import what `importances` needs."""
    import sklearn.ensemble  # noqa: F401  # pyright: ignore[reportUnusedImport]


def importances(
    rows: Sequence[TrialRow], space: Mapping[str, Parameter], *, maximize: bool, place: int = 0
) -> Importances:
    """Weigh the settings of one arm by its complete trials.

    Args:
        rows: the trials of one arm.
        space: what was searched.
        maximize: whether more is better.
        place: which of several objectives.
    """
    values = [row.values[place] if row.state == "complete" and row.values else None for row in rows]
    pairs = [
        (row.parameters, value)
        for row, value in zip(rows, values, strict=True)
        if value is not None and math.isfinite(value)
    ]
    if len(pairs) < FEWEST:
        return _nothing(f"fewer than {FEWEST} complete trials are too few to weigh settings by")
    if len({value for _, value in pairs}) == 1:
        return _nothing("all complete trials have the same value, so no setting can have mattered")
    asked = [key for key in space if any(key in parameters for parameters, _ in pairs)]
    everywhere = [key for key in asked if all(key in parameters for parameters, _ in pairs)]
    left_out = tuple(key for key in asked if key not in everywhere)
    moved = [key for key in everywhere if len(space[key].ends()) > 1]
    if not moved:
        return _nothing("no setting was varied in every trial", left_out)
    points = [({key: parameters[key] for key in moved}, value) for parameters, value in pairs]
    try:
        with _silence():
            ped_anova, fanova = _ped_anova(points, space, maximize), _fanova(_thinned(points), space)
    except ValueError as error:  # trials of another space; the summary goes on without them
        return _nothing(f"the trials do not fit the space ({str(error).splitlines()[0]})", left_out)
    return Importances(ped_anova=ped_anova, fanova=fanova, left_out=left_out)


def _nothing(why: str, left_out: tuple[str, ...] = ()) -> Importances:
    return Importances(ped_anova={}, fanova={}, left_out=left_out, why_not=why)


def _ped_anova(
    points: Sequence[tuple[dict[str, Scalar], float]], space: Mapping[str, Parameter], maximize: bool
) -> dict[str, float]:
    import optuna

    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=max(0.1, 5 / len(points)))
    sign = -1.0 if maximize else 1.0
    study = optuna.create_study(direction="minimize")
    distributions = {key: _distribution(space[key]) for key in points[0][0]}
    for parameters, value in points:
        study.add_trial(
            optuna.trial.create_trial(params=parameters, distributions=distributions, value=sign * value)
        )
    return optuna.importance.get_param_importances(study, evaluator=evaluator)


def _fanova(
    points: Sequence[tuple[dict[str, Scalar], float]], space: Mapping[str, Parameter]
) -> dict[str, float]:
    """Optuna's forest sees a logarithmic setting on its plain scale; it is given the logarithm, as it was searched."""
    import optuna
    from optuna.distributions import FloatDistribution

    distributions: dict[str, BaseDistribution] = {}
    for key in points[0][0]:
        parameter = space[key]
        distributions[key] = _distribution(parameter)
        if parameter.config.log:
            distributions[key] = FloatDistribution(math.log(parameter.low), math.log(parameter.high))
    study = optuna.create_study()
    for parameters, value in points:
        scaled: dict[str, Any] = {
            key: _clipped(math.log(float(v or 1)), distributions[key]) if space[key].config.log else v
            for key, v in parameters.items()
        }
        study.add_trial(optuna.trial.create_trial(params=scaled, distributions=distributions, value=value))
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    try:
        shares = optuna.importance.get_param_importances(study, evaluator=evaluator, normalize=False)
    except RuntimeError:  # no tree of the forest found anything to split
        return {}
    return {key: float(share) for key, share in shares.items()}


def _thinned(points: Sequence[tuple[dict[str, Scalar], float]]) -> list[tuple[dict[str, Scalar], float]]:
    count = min(len(points), _MOST_FOR_FOREST)
    return [points[place * len(points) // count] for place in range(count)]


def _clipped(value: float, distribution: Any) -> float:
    return min(max(value, distribution.low), distribution.high)


def _distribution(parameter: Parameter) -> "BaseDistribution":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if parameter.choices:
        return CategoricalDistribution(parameter.choices)
    low, high, log = parameter.low, parameter.high, parameter.config.log
    if parameter.config.type == "int":
        return IntDistribution(int(low), int(high), log=log, step=int(parameter.step or 1))
    return FloatDistribution(low, high, log=log, step=parameter.step)


@contextlib.contextmanager
def _silence() -> Generator[None]:
    """Neither warnings nor log lines of Optuna reach the screen."""
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A best value at the edge of its range.

    Args:
        key: the setting.
        value: its best value.
        upper: whether it is the upper end.
        limit: the end.
        final: whether the setting itself allows nothing beyond.
    """

    key: str
    value: float
    upper: bool
    limit: float
    final: bool


def edges(
    parameters: Mapping[str, Scalar],
    space: Mapping[str, Parameter],
    allowed: Callable[[str, float], bool] = lambda key, value: True,
) -> list[Edge]:
    """Values in the outer 5 % of their range (of its logarithm where that is searched), or on its first or last step.

    Args:
        parameters: of the best trial.
        space: what was searched.
        allowed: whether a setting could take a value beyond its range.
    """
    found: list[Edge] = []
    for key, value in parameters.items():
        parameter = space.get(key)
        if parameter is None or parameter.choices or len(parameter.ends()) < 2:
            continue
        assert isinstance(value, (int, float))
        low, high, step = parameter.low, parameter.high, parameter.step or 0.0
        log = parameter.config.log
        scale = math.log if log else float
        share = (scale(value) - scale(low)) / (scale(high) - scale(low))
        for upper, near in ((False, share), (True, 1 - share)):
            limit = high if upper else low
            if near <= _EDGE or abs(value - limit) < 0.5 * step:
                beyond = limit + (1 if upper else -1) * (step or 0.01 * (limit if log else high - low))
                final = not allowed(key, int(beyond) if parameter.config.type == "int" else beyond)
                found.append(Edge(key=key, value=value, upper=upper, limit=limit, final=final))
    return found
