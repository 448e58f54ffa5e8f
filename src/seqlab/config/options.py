"""`option`: one setting with its meaning, unit and range; `check`: the ranges, enforced."""

import dataclasses
import math
from typing import Any

from seqlab.config.registry import names
from seqlab.errors import ConfigError, nearest


def option(
    default: Any,
    help: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    below: float | None = None,
    part: str | None = None,
) -> Any:
    """A dataclass field that carries what a person needs to know to set it.

    Args:
        default: the value where the YAML says nothing; a list is copied, a class is called.
        help: the meaning, one sentence.
        unit: such as "time steps"; empty for pure numbers.
        low: smallest value allowed.
        high: largest value allowed.
        above: the value must be greater than this.
        below: the value must be less than this.
        part: the value must be the name of a registered part of this kind, such as "cell".
    """
    metadata = {
        "help": help,
        "unit": unit,
        "low": low,
        "high": high,
        "above": above,
        "below": below,
        "part": part,
    }
    if isinstance(default, list):
        return dataclasses.field(default_factory=default.copy, metadata=metadata)
    if isinstance(default, type):
        return dataclasses.field(default_factory=default, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def range_in_words(field: "dataclasses.Field[Any]") -> str:
    """The range of an option, such as "at least 1" or "above 0 and below 1"; empty if anything goes."""
    words = {"low": "at least", "above": "above", "high": "at most", "below": "below"}
    limits = [f"{words[k]} {field.metadata[k]}" for k in words if field.metadata.get(k) is not None]
    return " and ".join(limits)


def check(config: Any) -> None:
    """Hold every number of a config dataclass to its range, and every part name to the registry.

    Raises:
        ConfigError: for the first value out of range, named by its field.
    """
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        limits = field.metadata
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            outside = (
                (isinstance(value, float) and not math.isfinite(value))
                or (limits.get("low") is not None and value < limits["low"])
                or (limits.get("high") is not None and value > limits["high"])
                or (limits.get("above") is not None and value <= limits["above"])
                or (limits.get("below") is not None and value >= limits["below"])
            )
            if outside:
                kind = "an integer" if isinstance(value, int) else "a number"
                raise ConfigError(field.name, value, f"{kind} {range_in_words(field) or 'that is finite'}")
        if limits.get("part") is not None and value not in (known := names(limits["part"])):
            raise ConfigError(field.name, value, ", ".join(known), nearest(str(value), known))


class Checked:
    """Base of the config dataclasses: ranges are checked the moment one is made."""

    __slots__ = ()

    def __post_init__(self) -> None:
        """Check ranges and part names."""
        check(self)
