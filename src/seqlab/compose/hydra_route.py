"""`compose`: overrides -> checked `Experiment`, through plugins, files, typed tree and Hydra."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hydra._internal.hydra import Hydra
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from seqlab.choices import conf_folders, groups
from seqlab.compose import overrides as typed
from seqlab.compose.origin import naming_the_file
from seqlab.compose.session import compose_raw, hydra_session, plain_of, resolved
from seqlab.config import Experiment, build_experiment
from seqlab.config.build import leaves
from seqlab.errors import UnknownKeyError, UserError, nearest
from seqlab.plugins import load_plugins, local_plugins, plugins_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """The settings of one run, checked.

    Args:
        experiment: the typed tree.
        plain: the same as nested plain contents.
        run_dir: where the run is to be written.
        overrides: as the user gave them.
        interpolated: whether a setting is written in terms of others (`${...}`).
    """

    experiment: Experiment
    plain: dict[str, Any]
    run_dir: Path
    overrides: tuple[str, ...]
    interpolated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Overrides that parse, plugins that are loaded, and group choices that exist.

    Args:
        overrides: parsed.
        folders: where YAML files are looked up.
        groups: names of the configuration groups.
    """

    overrides: list[Override]
    folders: list[Path]
    groups: list[str]

    def chooses(self, override: Override) -> bool:
        """Whether an override takes part in choosing files and parts, before single values count."""
        kinds = [f"{group}.kind" for group in self.groups]
        return typed.is_group(override, self.groups) or override.key_or_group in kinds


def compose(overrides: Sequence[str], config_dir: Path | None = None) -> Composed:
    """Compose the shipped YAML, the user's own and the overrides into a checked experiment.

    Args:
        overrides: such as ["model=gru", "optimizer.lr=0.01"].
        config_dir: a folder with YAML of the user's own, in front of the shipped ones.

    Raises:
        UserError: for the first thing that does not fit, in at most three lines.
    """
    prepared = prepare(overrides, config_dir)
    for override in prepared.overrides:
        typed.check_no_sweep(override, prepared.groups)
    with hydra_session(prepared.folders) as hydra:
        config, _ = compose_checked(hydra, prepared, prepared.overrides)
        plain, run_dir = resolved(config)
        written = leaves(plain_of(config, resolve=False)).values()
    with naming_the_file(config, prepared.overrides, prepared.folders, prepared.groups):
        done = composed(plain, run_dir, overrides)
    return replace(done, interpolated=any("${" in str(value) for value in written))


def composed(plain: dict[str, Any], run_dir: Path, overrides: Sequence[str]) -> Composed:
    """The typed tree for plain contents.

    Raises:
        ConfigError: for the first key, choice, type or value out of range.
    """
    if "experiment" in plain:
        raise UserError(
            "experiment: the first line of an experiment's YAML file must be: # @package _global_"
        )
    experiment = build_experiment(plain)
    folder = experiment.data.directory
    if folder is not None and "://" not in folder:  # a run is scored again from any folder
        experiment.data.directory = str(Path(folder).expanduser().absolute())
    return Composed(experiment=experiment, plain=plain, run_dir=run_dir, overrides=tuple(overrides))


def prepare(overrides: Sequence[str], config_dir: Path | None) -> Prepared:
    """Parse, load plugins, and hold choices to the files that exist.

    Raises:
        UserError: for the first of these that fails.
    """
    parsed = typed.parse(overrides)
    folders = conf_folders(config_dir, load_plugins(_named_plugins(parsed, conf_folders(config_dir))))
    known = groups(folders)
    for override in parsed:
        if typed.is_group(override, known):
            typed.check_group(override, folders, known)
    return Prepared(overrides=parsed, folders=folders, groups=known)


def compose_checked(
    hydra: Hydra, prepared: Prepared, overrides: Sequence[Override]
) -> tuple[DictConfig, list[str]]:
    """Compose overrides whose keys have been held to the typed tree.

    Args:
        hydra: the session's application.
        prepared: folders and groups.
        overrides: without sweeps.

    Returns:
        The composed config, and the overrides as Hydra got them.

    Raises:
        UserError: for an unknown key, and for whatever Hydra does not accept.
    """
    sent = [text(o) for o in overrides if prepared.chooses(o)]
    base = compose_raw(hydra, sent)
    for override in overrides:
        if override.key_or_group.startswith("hydra."):
            _check_hydra_key(override, base)
    plain = plain_of(base, resolve=False)
    load_plugins(_words(plain.get("plugins")))
    with naming_the_file(base, overrides, prepared.folders, prepared.groups):
        known = typed.known_keys(plain)
    for override in overrides:
        if not typed.is_group(override, prepared.groups) and not override.is_hydra_override():
            typed.check_key(override, known, prepared.groups)
    final = [for_hydra(override, base, prepared.groups) for override in overrides]
    return (base if final == sent else compose_raw(hydra, final)), final


def for_hydra(override: Override, base: DictConfig, groups: Sequence[str]) -> str:
    """An override in the form that Hydra takes: a typed key that no YAML mentions is added, not refused."""
    if typed.is_group(override, groups) or override.is_hydra_override():
        return text(override)
    if override.is_delete():
        # Hydra takes a key that is null for one that is not there
        unset = OmegaConf.select(base, override.key_or_group) is None
        return f"++{override.key_or_group}=null" if unset else text(override)
    absent = OmegaConf.select(base, override.key_or_group, default=base) is base
    if override.is_add() or absent or isinstance(override.value(), dict):
        return "++" + text(override).lstrip("+")
    return text(override)


def text(override: Override) -> str:
    """The override as it was given."""
    assert override.input_line is not None
    return override.input_line


def _check_hydra_key(override: Override, base: DictConfig) -> None:
    """Hold a key of Hydra's own to its schema, where it has one."""
    *places, leaf = override.key_or_group.split(".")
    node: Any = base
    for depth, word in enumerate([*places, leaf]):
        if not isinstance(node, DictConfig) or (depth > 0 and OmegaConf.get_type(node) is dict):
            return
        if word not in node:
            words = [str(key) for key in node]
            prefix = ".".join([*places, leaf][:depth])
            near = nearest(word, words)
            raise UnknownKeyError(
                override.key_or_group,
                typed.given_text(override),
                f"the keys of {prefix}: {', '.join(words)}",
                f"{prefix}.{near}" if near else None,
            )
        if OmegaConf.is_missing(node, word):
            return
        node = node[word]


def _named_plugins(overrides: Sequence[Override], folders: Sequence[Path]) -> list[str]:
    """Plugins named on the command line, in the file of this machine, or in a chosen experiment's."""
    files: list[Path] = []
    for override in overrides:
        if override.key_or_group == "experiment":
            names = [f"experiment/{value}.yaml" for value in typed.choice_values(override, folders)]
            paths = [folder / name for name in names for folder in folders]
            files.extend(path for path in paths if path.is_file())
    given = [word for o in overrides if o.key_or_group == "plugins" for word in _words(o.value())]
    found = [word for path in files for word in plugins_in(path)]
    return list(dict.fromkeys([*local_plugins(folders), *found, *given]))


def _words(value: object) -> list[str]:
    return [str(word) for word in value] if isinstance(value, list) else []
