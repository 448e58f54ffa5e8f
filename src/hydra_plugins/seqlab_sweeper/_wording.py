"""The engine's errors in the words of Hydra's command line: `hydra.sweeper.budget.trials`, not `budget.trials`."""

import contextlib
import re
from collections.abc import Generator, Mapping
from typing import Any

from seqlab.errors import ConfigError, UserError

_GRID = "choice(...) or range(...), since sampler grid goes through every value"
# Settings of the sweep, where a message is about one, and where it names one that may be given.
_ABOUT = re.compile(r"^(?=(?:budget|constraints|objective|pruner|sampler|storage|trial|wandb|workers)\b)")
_GIVEN = re.compile(r"(?<![\w.])(?=(?:force|storage|workers)=)")
_PLACE = re.compile(r"(?<![\w.])sweep\.dir\b")


@contextlib.contextmanager
def in_hydras_words(space: Mapping[str, Mapping[str, Any]]) -> Generator[None]:
    """Say of the engine's errors what Hydra's command line calls the keys.

    Args:
        space: what is searched, by its keys.
    """
    try:
        yield
    except ConfigError as error:
        raise _config_error(error, space) from None
    except UserError as error:
        raise UserError(_text(_about(str(error)), space)) from None


def _config_error(error: ConfigError, space: Mapping[str, Mapping[str, Any]]) -> ConfigError:
    held = [key for key in space if f"{error.key}.".startswith(f"space.{key}.")]
    allowed, suggestion = _text(error.allowed, space), error.suggestion
    if not held:
        named = {"sweep.name": "hydra.sweeper.name"}.get(error.key) or _about(error.key)
        return type(error)(named, error.given, allowed, suggestion, error.file)
    key = max(held, key=len)
    asked = space[key]
    if error.key == f"space.{key}.step":
        return type(error)(key, f"{asked['low']:g} to {asked['high']:g}", _GRID, None, error.file)
    if asked["type"] == "float" and error.allowed.startswith("an integer"):
        suggestion = f"'{key}=int(interval({asked['low']:g},{asked['high']:g}))'"
    return type(error)(key, error.given, allowed, suggestion, error.file)


def _about(text: str) -> str:
    return _ABOUT.sub("hydra.sweeper.", text)


def _text(text: str, space: Mapping[str, Mapping[str, Any]]) -> str:
    for key in space:
        text = re.sub(rf"(?<![\w.])space\.(?={re.escape(key)}\b)", "", text)
    text = text.replace("allowed: when: CONDITION", "allowed: in a file (python sweep.py), when: CONDITION")
    return _PLACE.sub("hydra.sweep.dir", _GIVEN.sub("hydra.sweeper.", text))
