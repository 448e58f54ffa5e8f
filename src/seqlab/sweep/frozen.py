"""The question of a sweep as its directory keeps it: what a trial's result depends on, and nothing else.

Workers, budget, storage and logger may change from one call to the next; a changed question needs another directory.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from seqlab import files
from seqlab.compose.overrides import key_of
from seqlab.config import build_experiment
from seqlab.config.build import build, leaves, to_plain
from seqlab.config.sweep import SweepConfig
from seqlab.errors import ConfigError, UserError
from seqlab.redaction import redact, redact_words
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.definition import Sweep

QUESTION_FILE = "sweep.yaml"
# The first line of sweep.yaml: by it a directory is known to be a sweep's.
QUESTION_HEADER = "# The question of a seqlab sweep; its trials answer this one and no other"
# Parts of the sweep's own settings that make the question.
_ASKED = ("space", "objective", "constraints", "sampler", "pruner", "protocol")
# Of the settings of a trial, those on which its value depends.
_OF_TRIALS = ("folds", "fold_repeats")
_WIDTH = 60
_NOTHING = object()


def question_of(sweep: Sweep, arms: Sequence[ComposedArm]) -> dict[str, Any]:
    """What a directory freezes, as plain contents without secrets.

    Args:
        sweep: the sweep.
        arms: its arms, composed.
    """
    config = to_plain(sweep.config)
    question = {
        "name": sweep.name,
        # these three are told for the reader; what they come to stands under `settings`
        "question": sweep.config.question,
        "fixed": redact_words([word for word in sweep.fixed if not _is_apart(key_of(word))]),
        "arms": {arm.name: redact_words(arm.overrides) for arm in sweep.arms},
        **_asked(config),
        "settings": {arm.name: _settings(arm) for arm in arms},
    }
    return redact(question)


def difference(stored: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    """The first part of the question that differs, in one line; None where it is the same.

    A setting that a newer seqlab has added holds its default in what is stored.
    """
    there, here = leaves(_comparable(stored)), leaves(_comparable(now))
    for key in dict.fromkeys((*here, *there)):
        if there.get(key, _NOTHING) != here.get(key, _NOTHING):
            return f"{key}: {_shown(there.get(key, _NOTHING))} there, {_shown(here.get(key, _NOTHING))} here"
    return None


def write_question(directory: Path, question: Mapping[str, Any]) -> None:
    """Write SWEEP_DIR/sweep.yaml, whole."""
    text = yaml.safe_dump(dict(question), sort_keys=False, allow_unicode=True, width=100)
    files.write_text(directory / QUESTION_FILE, f"{QUESTION_HEADER}\n{text}")


def read_question(directory: Path) -> dict[str, Any] | None:
    """What SWEEP_DIR/sweep.yaml holds; None where there is none.

    Raises:
        UserError: for a file of this name that no sweep of seqlab wrote.
    """
    path = directory / QUESTION_FILE
    try:
        text = path.read_text(encoding="utf-8")
        content = yaml.safe_load(text)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{path}: cannot be read ({' '.join(str(error).split())})") from None
    if not text.startswith(QUESTION_HEADER) or not isinstance(content, dict):
        raise UserError(f"{path}: no sweep of seqlab wrote this\nallowed: another directory (sweep.dir=DIR)")
    return content


def _asked(config: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a sweep's settings that makes its question."""
    trial = {key: config["trial"][key] for key in _OF_TRIALS}
    return {**{key: config[key] for key in _ASKED}, "trial": trial}


def _settings(arm: ComposedArm) -> dict[str, Any]:
    """The settings of an arm's runs, but for what the search sets; one set for every choice of files."""
    sets = {" ".join(f"{key}={value}" for key, value in chosen): tree for chosen, tree in arm.trees.items()}
    left = {name: _without(tree, arm) for name, tree in sets.items()}
    return left[""] if list(left) == [""] else left


def _without(tree: Mapping[str, Any], arm: ComposedArm) -> dict[str, Any]:
    always = [p.key for p in arm.parameters if p.condition is None and not p.is_group]
    return _dropped(tree, lambda key: _is_apart(key) or key in always)


def _dropped(tree: Mapping[str, Any], drop: Callable[[str], bool], prefix: str = "") -> dict[str, Any]:
    """Nested plain contents without the keys that `drop` names."""
    left: dict[str, Any] = {}
    for name, value in tree.items():
        key = f"{prefix}{name}"
        if not drop(key):
            left[name] = _dropped(value, drop, f"{key}.") if isinstance(value, Mapping) else value
    return left


def _is_apart(key: str) -> bool:
    """Whether a setting may change from call to call, since no result depends on it."""
    return key in ("force", "data.directory") or key.split(".")[0] == "logger"


def _comparable(question: Mapping[str, Any]) -> dict[str, Any]:
    """What two questions are compared by, with defaults where a setting is not mentioned."""
    asked = {key: question[key] for key in (*_ASKED, "trial") if key in question}
    with contextlib.suppress(ConfigError):
        asked = _asked(to_plain(build(SweepConfig, asked)))
        asked["trial"]["folds"] = asked["trial"]["folds"] or 1  # no folds: a single run
    settings = question.get("settings")
    named = settings if isinstance(settings, Mapping) else {}
    return {
        "name": question.get("name"),
        **asked,
        "settings": {n: _complete(tree) for n, tree in named.items()},
    }


def _complete(tree: Any) -> Any:
    """The whole settings of an arm; as they are where this seqlab does not know them."""
    if isinstance(tree, Mapping) and "data" not in tree:
        return {name: _complete(below) for name, below in tree.items()}
    try:
        return _dropped(to_plain(build_experiment(tree)), _is_apart)
    except (ConfigError, AttributeError, TypeError):
        return tree


def _shown(value: object) -> str:
    whole = isinstance(value, float) and value.is_integer()  # an int of a space is held as a float
    words = "nothing" if value is _NOTHING else f"{value:.15g}" if whole else str(value)
    return words if len(words) <= _WIDTH else f"{words[: _WIDTH - 3]}..."
