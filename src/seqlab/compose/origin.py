"""Which YAML file of the user's own a mistake stands in."""

import contextlib
import re
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from seqlab import paths
from seqlab.choices import local_file
from seqlab.errors import ConfigError

_ABSENT = object()
# Files of this package line hold keys from the top; others hold those of their folder's group.
_FROM_THE_TOP = "@package _global_"


@contextlib.contextmanager
def naming_the_file(
    config: DictConfig, overrides: Sequence[Override], folders: Sequence[Path], groups: Sequence[str]
) -> Generator[None]:
    """Add to a `ConfigError` the file that its key stands in, unless an override holds it.

    Args:
        config: as Hydra composed it, with what was chosen from the groups.
        overrides: of the command line.
        folders: where YAML files are looked up.
        groups: names of the configuration groups.
    """
    try:
        yield
    except ConfigError as error:
        given = [o.key_or_group for o in overrides if o.key_or_group not in groups]
        if error.file is None and not any(f"{error.key}.".startswith(f"{key}.") for key in given):
            chosen: Any = OmegaConf.select(config, "hydra.runtime.choices") or {}
            file = holder(error, folders, {str(group): str(chosen[group]) for group in chosen})
            if file is not None:
                raise error.inside(file) from None
        raise


def holder(error: ConfigError, folders: Sequence[Path], chosen: dict[str, str]) -> str | None:
    """The first file that gives the error's key its value; those that were chosen come first, ours never."""
    found = [
        (not _is_chosen(path, group, chosen), place, path)
        for place, (path, group) in enumerate(_files(folders))
        if _same(_value(path, group, error.key), error.given)
    ]
    if not found:
        return None
    path = min(found)[2]
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _files(folders: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """The user's YAML files, each with its path below its folder."""
    local = local_file(folders)
    own = [folder for folder in folders if folder != paths.conf_dir()]
    if local is not None:
        yield local, Path("local", local.name)
    for folder in own:
        for path in sorted(folder.rglob("*.yaml")):
            below = path.relative_to(folder)
            if below.parts[0] not in ("local", "hydra"):
                yield path, below


def _is_chosen(path: Path, below: Path, chosen: dict[str, str]) -> bool:
    group, name = below.parts[0], Path(*below.parts[1:]).with_suffix("").as_posix()
    return group == "local" or len(below.parts) == 1 or name in re.findall(r"[\w./-]+", chosen.get(group, ""))


def _value(path: Path, below: Path, key: str) -> object:
    """What a file says for a dotted key; `_ABSENT` where it says nothing."""
    try:
        text = path.read_text(encoding="utf-8")
        node: Any = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return _ABSENT
    words = key.split(".")
    if len(below.parts) > 1 and below.parts[0] != "local" and _FROM_THE_TOP not in text:
        if words[0] != below.parts[0]:
            return _ABSENT
        words = words[1:]
    for word in words:
        if not isinstance(node, dict) or word not in node:
            return _ABSENT
        node = node[word]  # pyright: ignore[reportUnknownVariableType]
    return node  # pyright: ignore[reportUnknownVariableType]


def _same(said: object, given: object) -> bool:
    """Whether a file's value is the one that was refused; an interpolation may have become anything."""
    return said is not _ABSENT and (said == given or (isinstance(said, str) and "${" in said))
