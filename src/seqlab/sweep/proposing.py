"""Who proposes the next point: Optuna's samplers, seeded by place.

A sampler is made anew for every trial, with a seed drawn from (sweep seed, arm, slot, trials the slot has seen). A
sampler that lived on would repeat its first proposals whenever a sweep is resumed; this way one worker proposes the
same points whether it was interrupted or not.
"""

import hashlib
import itertools
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import optuna
from optuna.samplers import (
    BaseSampler,
    GPSampler,
    NSGAIISampler,
    PartialFixedSampler,
    QMCSampler,
    RandomSampler,
    TPESampler,
)

from seqlab.config.sweep import SamplerConfig, Scalar
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.space import Parameter

# A grid with more points than this is cut: nobody trains so many.
_GRID_LIMIT = 100_000


class Samplers:
    """Makes the samplers of a sweep, one for every trial.

    Args:
        config: which algorithm, and the sweep's seed.
    """

    def __init__(self, config: SamplerConfig) -> None:
        self._config = config
        self._spaces: dict[str, Any] = {}

    def make(self, arm: str, *place: int) -> BaseSampler:
        """The sampler for one trial.

        Args:
            arm: whose study it is for.
            place: slot, trials that the slot has seen, and attempt.
        """
        text = "\0".join(map(str, (self._config.seed, arm, *place)))
        sampler = _make(self._config, int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big"))
        if isinstance(sampler, TPESampler):
            # what all trials of a study have in common is looked for in the new ones only
            known = self._spaces.setdefault(arm, sampler._search_space)  # pyright: ignore[reportPrivateUsage]
            sampler._search_space = known  # pyright: ignore[reportPrivateUsage]
        return sampler


def _make(config: SamplerConfig, seed: int) -> BaseSampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        match config.name:
            case "tpe":
                return TPESampler(n_startup_trials=config.startup_trials, seed=seed)
            case "gp":
                return GPSampler(n_startup_trials=config.startup_trials, seed=seed)
            case "qmc":  # a sequence has one seed; what was drawn before is looked up in the study
                return QMCSampler(
                    qmc_type="sobol", scramble=True, seed=config.seed, warn_independent_sampling=False
                )
            case "nsga2":
                return NSGAIISampler(seed=seed)
            case "random" | "grid":
                return RandomSampler(seed=seed)


def fixed_to(sampler: BaseSampler, values: Mapping[str, Scalar]) -> BaseSampler:
    """A sampler that gives these values, and is asked for others only.

    Optuna's own queue (`enqueue_trial`) is the study's: whoever asks next takes from it, also another coordinator.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return PartialFixedSampler(dict(values), sampler)


def suggest(trial: optuna.Trial, parameter: Parameter) -> Scalar:
    """Ask Optuna for a value of a parameter."""
    if parameter.choices:
        return trial.suggest_categorical(parameter.key, list(parameter.choices))
    if parameter.config.type == "int":
        step = int(parameter.step or 1)
        return trial.suggest_int(
            parameter.key, int(parameter.low), int(parameter.high), step=step, log=parameter.config.log
        )
    return trial.suggest_float(
        parameter.key, parameter.low, parameter.high, step=parameter.step, log=parameter.config.log
    )


def grid_of(arm: ComposedArm) -> list[dict[str, Scalar]]:
    """Every point of an arm's space, conditions minded.

    The longest trainings come first, so that no worker is left with one while the others have nothing to do; those
    that take alike long come in the order in which the space is written.
    """
    points = list(itertools.islice(_points(arm, []), _GRID_LIMIT))
    return sorted(points, key=lambda values: _likely_time(arm.lookup(values)), reverse=True)


def _likely_time(setting: Callable[[str], object]) -> float:
    """Which of two trainings takes longer; fitted roughly to one CPU core."""

    def number(key: str) -> float:
        try:
            value = setting(key)
        except KeyError:  # of another encoder
            return 1.0
        return float(value) if isinstance(value, (int, float)) else 1.0

    layers = number("model.num_layers") * (1 + number("model.bidirectional"))
    return number("trainer.max_epochs") * layers * (96 + number("model.hidden_size")) ** 2


def _points(arm: ComposedArm, chosen: list[Scalar]) -> Iterator[dict[str, Scalar]]:
    """The points that begin with these values; the parameter that comes next is found by walking up to it."""
    asked: list[Parameter] = []

    def pick(parameter: Parameter) -> Scalar:
        asked.append(parameter)
        return chosen[len(asked) - 1] if len(asked) <= len(chosen) else grid_values(parameter)[0]

    values = arm.walk(pick)
    if len(asked) == len(chosen):
        yield values
        return
    for value in grid_values(asked[len(chosen)]):
        yield from _points(arm, [*chosen, value])


def grid_values(parameter: Parameter) -> list[Scalar]:
    """The values of a parameter that a grid has: its choices, or the steps of its range."""
    if parameter.choices:
        return list(parameter.choices)
    step = parameter.step
    assert step is not None, "checked before"
    count = round((parameter.high - parameter.low) / step)
    return [min(parameter.low + k * step, parameter.high) for k in range(count + 1)]
