"""Overrides with several values, as Hydra's grammar has them -> the space of a sweep.

What Hydra says of a form is what it means here: `range(1,4)` never yields 4, an interval is of floats unless it is
cast, both its ends can occur, and `a,b` are the values that Hydra would run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep

from seqlab.compose import overrides as typed
from seqlab.errors import UserError

_LOG = "log"
_LOG_FORMS = (
    "allowed: tag(log,interval(LOW,HIGH)), tag(log,int(interval(LOW,HIGH))), tag(log,range(LOW,HIGH))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What overrides ask of a search.

    Args:
        space: as in a sweep's file: a key, and its values.
        runs: what holds for every run, as it was given.
        one: an override for every key: the given one, or the first of its values.
    """

    space: dict[str, dict[str, Any]]
    runs: list[str]
    one: list[Override]


def searched(overrides: Sequence[Override], folders: Sequence[Path]) -> Searched:
    """Sort overrides into what is searched and what holds for every run; the last word for a key counts.

    Args:
        overrides: parsed, such as those of ["model.num_layers=range(1,4)", "model=gru"].
        folders: where YAML files are looked up.

    Raises:
        UserError: for a form or a tag that means nothing here.
    """
    space: dict[str, dict[str, Any]] = {}
    runs: list[str] = []
    one: list[Override] = []
    for key, override in {o.key_or_group: o for o in overrides}.items():
        if override.is_sweep_override():
            space[key] = _parameter(override, folders)
            first = space[key]["choices"][0] if "choices" in space[key] else space[key]["low"]
            one += typed.parse([f"{key}={typed.value_text(first)}"])
        else:
            runs.append(str(override.input_line).lstrip("+"))
            one.append(override)
    return Searched(space=space, runs=runs, one=one)


def _parameter(override: Override, folders: Sequence[Path]) -> dict[str, Any]:
    key, value = override.key_or_group, override.value()
    tags: set[str] = getattr(value, "tags", set[str]())
    unknown = sorted(tags - {_LOG})
    if unknown:
        cast = "\ndid you mean: int(interval(LOW,HIGH))" if unknown[0] == "int" else ""
        raise UserError(f"{key}: the tag {unknown[0]!r} means nothing here\n{_LOG_FORMS}{cast}")
    if isinstance(value, IntervalSweep):
        return _interval(override, value)
    if (
        isinstance(value, RangeSweep)
        and (steps := _steps(value)) is not None
        and not (tags and "step" in steps)
    ):
        if tags and steps["low"] <= 0:
            raise _below_zero(override, steps["low"])
        return {**steps, "log": True} if tags else steps
    if tags:
        raise UserError(
            f"{key}: {typed.given_text(override)} cannot be searched on a logarithm, only numbers without gaps\n"
            + _LOG_FORMS
        )
    return {"type": "categorical", "choices": _choices(override, folders)}


def _interval(override: Override, value: IntervalSweep) -> dict[str, Any]:
    low, high, log = value.start, value.end, _LOG in value.tags
    assert low is not None and high is not None
    if not low <= high:
        raise UserError(
            f"{override.key_or_group}: {typed.given_text(override)} ends below its start\n"
            "allowed: interval(LOW,HIGH), both of which may occur"
        )
    if log and low <= 0:
        raise _below_zero(override, low)
    # Hydra's ends are floats unless they are cast
    return {"type": "int" if isinstance(low, int) else "float", "low": low, "high": high, "log": log}


def _below_zero(override: Override, low: float) -> UserError:
    return UserError(
        f"{override.key_or_group}: {typed.given_text(override)} begins at {low:g}, which has no logarithm\n"
        "allowed: tag(log,...) of numbers above 0"
    )


def _steps(value: RangeSweep) -> dict[str, Any] | None:
    """A range of whole numbers in rising order, as its first and last; None for any other."""
    start, stop, step = value.start, value.stop, value.step
    if not (isinstance(start, int) and isinstance(stop, int) and isinstance(step, int)):
        return None
    if step < 1 or not (numbers := range(start, stop, step)):
        return None
    return {"type": "int", "low": numbers[0], "high": numbers[-1], **({"step": step} if step > 1 else {})}


def _choices(override: Override, folders: Sequence[Path]) -> list[Any]:
    """The values that Hydra's own sweeper would run, each once and in the order in which they were given."""
    found: list[Any] = []
    for value in typed.choice_values(override, folders):
        if isinstance(value, (list, dict)):
            raise UserError(
                f"{override.key_or_group}: {value!r} is several settings in one value\n"
                "allowed: numbers, words, true, false and null"
            )
        if not any(type(value) is type(other) and value == other for other in found):
            found.append(value)
    return found
