"""A sweep's file and the words of a command line -> `Sweep`, held to its types."""

import contextlib
import dataclasses
import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from seqlab.choices import conf_folders, groups
from seqlab.compose import overrides as typed
from seqlab.config.build import all_keys, build, leaves, to_plain, with_values
from seqlab.config.experiment import Experiment
from seqlab.config.sweep import SweepConfig
from seqlab.errors import ConfigError, UserError, nearest
from seqlab.redaction import redact_words
from seqlab.sweep.catalogue import FILE_WORDS, OWN_WORDS, PLACE_WORDS, allowed_sweeps, find_sweep
from seqlab.sweep.conditions import constraints_of
from seqlab.sweep.definition import Arm, Sweep
from seqlab.sweep.objectives import check_objectives, is_cost
from seqlab.sweep.space import GROUPS, Space
from seqlab.sweep.yaml_text import read_mapping

# The key that a single word stands for: `sampler: tpe`.
_SHORT = {"sampler": "name", "pruner": "name", "objective": "metric"}
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)


@dataclasses.dataclass(slots=True)
class _Words:
    """The words of a command line, by what they belong to."""

    place: dict[str, Any] = dataclasses.field(default_factory=dict)
    own: dict[str, Any] = dataclasses.field(default_factory=dict)
    runs: list[str] = dataclasses.field(default_factory=list)


def load_sweep(words: Sequence[str], config_dir: Path | None, command: Sequence[str]) -> Sweep:
    """Read a sweep, from its file and the words behind `python sweep.py`.

    Args:
        words: such as ["sweep=architectures", "budget.trials=40", "logger=none"].
        config_dir: a folder with YAML of the user's own.
        command: the words that the sweep was called with; kept without secrets.

    Raises:
        UserError: for the first thing that does not fit, in at most three lines.
    """
    known_groups = tuple(dict.fromkeys((*GROUPS, *groups(conf_folders(config_dir)))))
    given = _sorted(words, known_groups)
    if given.place.get("sweep") is None:
        raise UserError(f"sweep: which one? It is asked for by sweep=NAME\n{allowed_sweeps()}")
    path = find_sweep(str(given.place["sweep"]))
    with _in_file(path):
        plain = read_mapping(path)
        if "sweep" in plain:
            raise UserError(
                f"{path}: sweep: belongs to the command line, as sweep.dir=DIR and sweep.name=NAME\n"
                "allowed in a sweep's file: dir: DIR, name: NAME"
            )
        config = settings_of(plain)
        space = _checked(config, known_groups)
        arms = _arms(config, [parameter.key for parameter in space.parameters])
    if given.own:
        config = settings_of(to_plain(config), given.own)
        _checked(config, known_groups)
    config.name = given.place.get("sweep.name") or config.name or path.stem
    config.dir = given.place.get("sweep.dir") or config.dir
    return _assembled(config, space, arms, given.runs, config_dir, command)


def sweep_from(
    plain: Mapping[str, Any],
    runs: Sequence[str],
    config_dir: Path | None,
    command: Sequence[str],
    prefix: str,
) -> Sweep:
    """A sweep from settings that another door than `sweep.py` has gathered.

    Args:
        plain: settings as in a sweep's file, its name and directory among them.
        runs: settings of every run.
        config_dir: a folder with YAML of the user's own.
        command: the words that the sweep was called with; kept without secrets.
        prefix: what stands there in front of the sweep's own settings.

    Raises:
        UserError: for the first thing that does not fit, in at most three lines.
    """
    known_groups = tuple(dict.fromkeys((*GROUPS, *groups(conf_folders(config_dir)))))
    config = settings_of(plain)
    space = _checked(config, known_groups)
    arms = _arms(config, [parameter.key for parameter in space.parameters])
    return dataclasses.replace(_assembled(config, space, arms, runs, config_dir, command), prefix=prefix)


def settings_of(plain: Mapping[str, Any], own: Mapping[str, Any] | None = None) -> SweepConfig:
    """The typed settings of a sweep; one word may stand for a mapping (`sampler: tpe`).

    Args:
        plain: as in a sweep's file.
        own: values for dotted keys, such as those of a command line, on top.

    Raises:
        UserError: for the first key, choice, type or value that does not fit.
    """
    config = build(SweepConfig, _long(plain))
    return build(SweepConfig, _with_own(to_plain(config), own)) if own else config


def _assembled(
    config: SweepConfig,
    space: Space,
    arms: tuple[Arm, ...],
    given: Sequence[str],
    config_dir: Path | None,
    command: Sequence[str],
) -> Sweep:
    """The sweep, with the words of the command line in front of those that are fixed."""
    _check_apart(given, arms, [parameter.key for parameter in space.parameters])
    name = config.name
    if not _NAME.fullmatch(str(name)):
        raise ConfigError(
            "sweep.name", name, "letters, digits, '.', '_' and '-'; the first a letter or digit"
        )
    config.name, config.dir = str(name), str(config.dir or f"runs/sweeps/{name}")
    runs = [typed.key_of(word) for word in given]
    return Sweep(
        name=config.name,
        directory=Path(config.dir).expanduser().absolute(),
        config=config,
        fixed=(*(word for word in config.fixed if typed.key_of(word) not in runs), *given),
        arms=arms,
        config_dir=config_dir,
        command=tuple(redact_words(command)),
    )


def _sorted(words: Sequence[str], known_groups: Sequence[str]) -> _Words:
    """Sort the words of a command line.

    Raises:
        UserError: for one that belongs into the file, or nowhere.
    """
    found = _Words()
    for override in typed.parse(words):
        key, top = override.key_or_group, override.key_or_group.split(".")[0]
        _check_alone(override)
        if top in FILE_WORDS:
            raise UserError(
                f"{key}: the question stands in the sweep's file, not on the command line\n"
                "allowed: sweep=PATH.yaml, a file of your own"
            )
        if top in (*OWN_WORDS, "sweep") and override.is_delete():
            raise UserError(f"~{key}: a setting of the sweep cannot be taken away\nallowed: {key}=VALUE")
        if key in PLACE_WORDS:
            found.place[key] = override.value()
        elif top == "sweep":
            raise typed.unknown_key(key, typed.given_text(override), [*PLACE_WORDS[1:]], ())
        elif top in OWN_WORDS:
            found.own[key] = override.value()
        else:
            _check_known(override, known_groups)
            found.runs.append(str(override.input_line))
    return found


def _check_alone(override: typed.Override) -> None:
    """Refuse several values, and what belongs to Hydra."""
    key = override.key_or_group
    if override.is_sweep_override():
        raise UserError(
            f"{key}: {typed.given_text(override)!r} is several values\n"
            "allowed: one value; what a sweep varies stands in its file, under space or arms"
        )
    if override.is_hydra_override():
        raise UserError(
            f"{key}: a sweep has its own folders and workers\nallowed: sweep.dir=DIR, workers=NUMBER"
        )


def _check_known(override: typed.Override, known_groups: Sequence[str]) -> None:
    """Refuse a first word that is neither a run's nor the sweep's, where one of the sweep's is near."""
    top = override.key_or_group.split(".")[0].split("@")[0].split("/")[0]
    runs = {field.name for field in dataclasses.fields(Experiment)}
    own = [*PLACE_WORDS, *(key for key in _own_keys() if key.split(".")[0] in OWN_WORDS)]
    if top not in (*runs, *known_groups) and nearest(override.key_or_group, own):
        raise typed.unknown_key(
            override.key_or_group, typed.given_text(override), [*typed.known_keys({}), *own], known_groups
        )


def _own_keys() -> list[str]:
    return [*all_keys(build(SweepConfig, {})), "objective.metric", "objective.direction"]


def _long(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with every short form written out."""
    return {key: _long_form(key, value) for key, value in plain.items()}


def _long_form(key: str, value: Any) -> Any:
    """`tpe` as {name: tpe}, and one objective or constraint as a list of one."""
    if key == "constraints" and isinstance(value, str):
        return [value]
    if key not in _SHORT:
        return value
    if key == "objective" and isinstance(value, list):
        return [_long_form(key, item) for item in value]
    return {_SHORT[key]: value} if isinstance(value, str) else value


def _with_own(plain: dict[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a file with those of the command line on top."""
    known = _own_keys()
    for key, given in own.items():
        value = _long_form(key, given)
        top, _, leaf = key.partition(".")
        if top == "objective" and leaf:
            if len(plain["objective"]) > 1:
                raise UserError(
                    f"{key}: there are several objectives\nallowed: objective=[METRIC,METRIC], all of them anew"
                )
            if key not in known:
                raise typed.unknown_key(key, str(given), known, ())
            plain = plain | {"objective": [plain["objective"][0] | {leaf: value}]}
        elif isinstance(value, dict) and key != "objective":
            plain = with_values(plain, leaves(value, key))
        elif leaf and key not in known:
            raise typed.unknown_key(key, str(given), known, ())
        else:
            plain = with_values(plain, {key: value})
    return plain


@contextlib.contextmanager
def _in_file(path: Path) -> Generator[None]:
    """Say of a mistake which file it stands in."""
    try:
        yield
    except ConfigError as error:
        here = path.absolute()
        shown = here.relative_to(Path.cwd()) if here.is_relative_to(Path.cwd()) else path
        raise (error if error.file is not None else error.inside(str(shown))) from None


def _checked(config: SweepConfig, known_groups: Sequence[str]) -> Space:
    """The space of a sweep whose objectives, constraints and algorithms make sense together."""
    space = Space.of(config, known_groups)
    constraints_of(config)
    check_objectives(config.objective)
    if config.pruner.name != "none" and all(is_cost(objective.metric) for objective in config.objective):
        raise ConfigError("pruner.name", config.pruner.name, "none (a cost is known before anything trains)")
    for parameter in space.parameters:
        if config.sampler.name == "grid" and not parameter.choices and parameter.step is None:
            key = f"space.{parameter.key}.step"
            raise ConfigError(key, None, "a number (sampler grid goes through every value)")
    return space


def _arms(config: SweepConfig, searched: Sequence[str]) -> tuple[Arm, ...]:
    """The alternatives, whose settings neither vary nor meet the space."""
    lists = {"fixed": config.fixed, **{f"arms.{name}": words for name, words in config.arms.items()}}
    for place, words in lists.items():
        try:
            parsed = typed.parse(words)
            for override in parsed:
                _check_alone(override)
        except UserError as error:
            raise UserError(f"{place}: {error}") from None
        for word in words:
            if meeting := _meeting(word, searched):
                raise UserError(
                    f"{place}: {word} sets what space.{meeting} searches\nallowed: one of the two"
                )
    for name in config.arms:
        if not _NAME.fullmatch(name):
            raise UserError(
                f"arms.{name}: the name of an arm is the name of a folder\n"
                "allowed: letters, digits, '.', '_' and '-'; the first a letter or digit"
            )
    return tuple(Arm(name=name, overrides=tuple(words)) for name, words in config.arms.items()) or (
        Arm(name="all", overrides=()),
    )


def _check_apart(runs: Iterable[str], arms: Sequence[Arm], searched: Sequence[str]) -> None:
    """Refuse a word of the command line that would undo what an arm or the space sets."""
    for word in runs:
        if meeting := _meeting(word, searched):
            raise UserError(
                f"{word}: is what this sweep searches (space.{meeting})\n"
                "allowed: other settings; for other values, sweep=PATH.yaml, a file of your own"
            )
        for arm in arms:
            if meeting := _meeting(word, [typed.key_of(own) for own in arm.overrides]):
                raise UserError(
                    f"{word}: would undo what arm {arm.name} sets ({meeting})\n"
                    "allowed: settings that the arms leave alone"
                )


def _meeting(word: str, keys: Iterable[str]) -> str | None:
    """The first key that a word sets as well: the same, or one within a node that it sets whole."""
    key = typed.key_of(word)
    for other in keys:
        short, long = sorted((key, other), key=len)
        if short == long or ("." in short and long.startswith(f"{short}.")):
            return other
    return None
