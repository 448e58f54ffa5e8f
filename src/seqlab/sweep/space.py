"""The space of a search: its parameters, held to sense, in an order in which every `when` can be decided."""

import dataclasses
import math
import random
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from seqlab.config.experiment import Experiment
from seqlab.config.sweep import ParameterConfig, Scalar, SweepConfig
from seqlab.errors import ConfigError, UserError
from seqlab.sweep.conditions import Condition, parse

# What says which run it is, not how it trains.
_IDENTITY = frozenset({"evaluate_test", "force", "name", "plugins", "init_from", "logger", "hydra"})


def _groups() -> tuple[str, ...]:
    hints = typing.get_type_hints(Experiment)
    return (*(name for name, hint in hints.items() if dataclasses.is_dataclass(hint)), "experiment")


GROUPS = _groups()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One dimension of the space.

    Args:
        key: the setting that it varies, or a group of which it chooses a file.
        config: its values; `high` is one that can be reached from `low` in steps.
        condition: where it is asked for; None: everywhere.
        is_group: whether it chooses among files (`model`) rather than setting a value (`model.num_layers`).
    """

    key: str
    config: ParameterConfig
    condition: Condition | None = None
    is_group: bool = False

    @property
    def choices(self) -> tuple[Scalar, ...]:
        """The values of a categorical parameter; empty for numbers."""
        return tuple(self.config.choices)

    @property
    def low(self) -> float:
        """The smallest number; an int for type int."""
        return self._number(self.config.low)

    @property
    def high(self) -> float:
        """The largest number that can be reached; an int for type int."""
        return self._number(self.config.high)

    @property
    def step(self) -> float | None:
        """The distance between numbers; 1 for type int without one, None for any."""
        if self.config.step is None:
            return 1 if self.config.type == "int" else None
        return self._number(self.config.step)

    def ends(self) -> tuple[Scalar, ...]:
        """Both ends of a range, or every choice."""
        return self.choices or tuple(dict.fromkeys((self.low, self.high)))

    def draw(self, rng: random.Random) -> Scalar:
        """A value drawn evenly (on the logarithm, with `log`)."""
        if self.choices:
            return rng.choice(self.choices)
        low, high, step = self.low, self.high, self.step
        if self.config.log:
            value = min(max(math.exp(rng.uniform(math.log(low), math.log(high))), low), high)
            return round(value) if self.config.type == "int" else value
        if step is None:
            return rng.uniform(low, high)
        return min(low + rng.randint(0, round((high - low) / step)) * step, high)

    def in_words(self) -> str:
        """Its values, such as "1 to 3" or "lstm, gru"."""
        if self.choices:
            return ", ".join(map(word_of, self.choices))
        every = f" in steps of {self.step:g}" if self.config.step is not None else ""
        return f"{self.low:g} to {self.high:g}{every}{' (log)' if self.config.log else ''}"

    def _number(self, value: float | None) -> float:
        assert value is not None
        return int(value) if self.config.type == "int" else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Everything that a search varies.

    Args:
        parameters: at least one, in an order in which `when` refers to earlier ones; groups without `when` first.
    """

    parameters: tuple[Parameter, ...]

    @classmethod
    def of(cls, config: SweepConfig, groups: Sequence[str] = GROUPS) -> "Space":
        """The space that a sweep's settings describe.

        Args:
            config: the sweep's settings.
            groups: names that choose a file.

        Raises:
            UserError: for a setting that belongs to a run's identity, values that make no sense, or
                conditions that wait for each other.
        """
        if not config.space:
            raise UserError("space: there is nothing to search\nallowed: at least one setting and its values")
        return cls(parameters=_ordered([_parameter(key, config.space[key], groups) for key in config.space]))


def word_of(value: Scalar) -> str:
    """A value as YAML writes it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _parameter(key: str, config: ParameterConfig, groups: Sequence[str]) -> Parameter:
    place, is_group = f"space.{key}", key in groups
    top, _, leaf = key.partition(".")
    if top in _IDENTITY:
        raise UserError(
            f"{place}: says which run it is, and cannot be searched\n"
            "allowed: seed, groups such as model, and settings such as optimizer.lr"
        )
    if leaf == "kind" and top in groups:
        raise UserError(
            f"{place}: a kind comes with a file of settings\ndid you mean: space.{top} (choices: files)"
        )
    condition = None
    if config.when is not None:
        try:
            condition = parse(config.when)
        except UserError as error:
            raise UserError(f"{place}.when: {error}") from None
    if is_group and config.type != "categorical":
        raise ConfigError(f"{place}.type", config.type, f"categorical, since {key} is chosen among files")
    checked = _categorical(place, config) if config.type == "categorical" else _range(place, config)
    if is_group and not all(isinstance(choice, (str, int)) for choice in config.choices):
        raise ConfigError(f"{place}.choices", config.choices, f"names of the choices of {key}")
    return Parameter(key=key, config=checked, condition=condition, is_group=is_group)


def _categorical(place: str, config: ParameterConfig) -> ParameterConfig:
    for name in ("low", "high", "step", "log"):
        given = getattr(config, name)
        if given not in (None, False):
            raise ConfigError(f"{place}.{name}", given, "choices alone (type: categorical)")
    if not config.choices:
        raise ConfigError(f"{place}.choices", config.choices, "at least one value, such as [16,32]")
    for number, choice in enumerate(config.choices):
        if choice in config.choices[:number]:
            raise ConfigError(f"{place}.choices", choice, "every value once")
        if isinstance(choice, str) and "${" in choice:
            raise ConfigError(f"{place}.choices", choice, "values, not interpolations")
    return config


def _range(place: str, config: ParameterConfig) -> ParameterConfig:
    """`config` with a `high` that can be reached from `low` in steps."""
    if config.choices:
        raise ConfigError(f"{place}.type", config.type, "categorical, where there are choices", "categorical")
    numbers: dict[str, Any] = {name: getattr(config, name) for name in ("low", "high", "step")}
    for name, value in numbers.items():
        if value is None and name != "step":
            raise ConfigError(f"{place}.{name}", value, "a number")
        if value is not None and config.type == "int" and not float(value).is_integer():
            raise ConfigError(f"{place}.{name}", value, "a whole number (type: int)", "type: float")
    low, high, step = numbers["low"], numbers["high"], numbers["step"]
    if high < low:
        raise ConfigError(f"{place}.high", high, f"a number at least {low:g} (low)")
    if config.log and low <= 0:
        raise ConfigError(f"{place}.low", low, "a number above 0 (log: true)")
    if config.log and step is not None:
        raise ConfigError(f"{place}.step", step, "null (log: true has no steps)")
    if step is not None:
        exact = Decimal(repr(low)), Decimal(repr(high)), Decimal(repr(step))
        high = float(exact[0] + (exact[1] - exact[0]) // exact[2] * exact[2])
    return dataclasses.replace(config, high=high)


def _ordered(parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """Groups that are always asked for first, then the order of the file as far as conditions allow it."""
    waiting = sorted(parameters, key=lambda p: not (p.is_group and p.condition is None))
    done: list[Parameter] = []
    while waiting:
        ready = next((p for p in waiting if not any(_decides(q, p) for q in waiting)), None)
        if ready is None:
            names = " and ".join(f"space.{p.key}.when" for p in waiting)
            wait = "asks for itself" if len(waiting) == 1 else "wait for each other"
            raise UserError(f"{names}: {wait}\nallowed: conditions that can be decided one after the other")
        waiting.remove(ready)
        done.append(ready)
    return tuple(done)


def _decides(first: Parameter, second: Parameter) -> bool:
    """Whether a value of `first` may decide whether `second` is asked for."""
    keys = second.condition.keys if second.condition is not None else ()
    return any(key == first.key or (first.is_group and key.startswith(f"{first.key}.")) for key in keys)
