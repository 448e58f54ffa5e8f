"""Overrides with several values, as Hydra's grammar has them -> the space of a sweep.

What Hydra says of a form is what it means here: `range(1,4)` never yields 4, an interval is of floats unless it is
cast, both its ends can occur, and `a,b` are the values that Hydra would run.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep

from seqlab.choices import conf_folders
from seqlab.compose import overrides as typed
from seqlab.errors import UserError

_TAGS = {"log"}


def space_and_runs(
    words: Sequence[str], config_dir: Path | None
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Sort overrides into what is searched and what holds for every run.

    Args:
        words: such as ["model.num_layers=range(1,4)", "model=gru"].
        config_dir: a folder with YAML of the user's own.

    Returns:
        The space, as in a sweep's file; and the rest, as it was given.

    Raises:
        UserError: for a form or a tag that means nothing here.
    """
    space: dict[str, dict[str, Any]] = {}
    runs: list[str] = []
    folders = conf_folders(config_dir)
    for override in typed.parse(words):
        if override.is_sweep_override():
            space[override.key_or_group] = _parameter(override, folders)
        else:
            runs.append(str(override.input_line).lstrip("+"))
    return space, runs


def _parameter(override: Override, folders: Sequence[Path]) -> dict[str, Any]:
    value: Any = override.value()
    tags: set[str] = getattr(value, "tags", set[str]())
    unknown = sorted(tags - _TAGS)
    if unknown:
        raise UserError(
            f"{override.key_or_group}: the tag {unknown[0]!r} means nothing here\nallowed: tag(log, interval(LOW,HIGH))"
        )
    log = "log" in tags
    if isinstance(value, IntervalSweep):
        kind = (
            "int" if isinstance(value.start, int) else "float"
        )  # Hydra's ends are floats unless they are cast
        return {"type": kind, "low": value.start, "high": value.end, "log": log}
    if isinstance(value, RangeSweep) and (steps := _steps(value)) is not None:
        return {**steps, "log": log} if log else steps
    if log:
        raise UserError(
            f"{override.key_or_group}: only a range of numbers can be searched on a logarithm\n"
            "allowed: tag(log, interval(LOW,HIGH)), tag(log, int(interval(LOW,HIGH)))"
        )
    return {"type": "categorical", "choices": _choices(override, folders)}


def _steps(value: RangeSweep) -> dict[str, Any] | None:
    """A range of whole numbers in rising order, as its first and last; None for any other."""
    numbers: Any = value.range()
    if not isinstance(numbers, range) or numbers.step < 1 or len(numbers) == 0:
        return None
    step = {"step": numbers.step} if numbers.step > 1 else {}
    return {"type": "int", "low": numbers[0], "high": numbers[-1], **step}


def _choices(override: Override, folders: Sequence[Path]) -> list[Any]:
    """The values that Hydra's own sweeper would run, each once and in their order."""
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
