"""Which groups and choices the YAML folders offer: a listing of files, without Hydra."""

from collections.abc import Sequence
from pathlib import Path

from seqlab import paths
from seqlab.errors import UserError

# `local` holds for a machine and `hydra` belongs to Hydra; neither is a choice about a run.
_NOT_CHOICES = frozenset({"local", "hydra"})
# Chosen by `seqlab.run` for arrays; a command line has none to hand over.
_PYTHON_ONLY = frozenset({("data", "memory")})


def conf_folders(config_dir: Path | None = None, plugin_folders: Sequence[Path] = ()) -> list[Path]:
    """The folders that YAML files are looked up in, the first that has a file wins.

    Args:
        config_dir: the folder named by `--config-dir`, or None.
        plugin_folders: `conf` folders of the packages switched on by `plugins=[...]`.

    Raises:
        UserError: if `config_dir` is not a folder.
    """
    if config_dir is not None and not config_dir.is_dir():
        raise UserError(f"--config-dir: {str(config_dir)!r} is not a folder")
    own = [config_dir.resolve()] if config_dir is not None else []
    shipped = paths.conf_dir()
    local = [folder for folder in paths.local_conf_dirs() if folder != shipped]
    return list(dict.fromkeys([*own, *local, *plugin_folders, shipped]))


def groups(folders: Sequence[Path]) -> list[str]:
    """Names of the configuration groups, sorted."""
    found = {child.name for folder in folders for child in folder.iterdir() if child.is_dir()}
    return sorted(name for name in found - _NOT_CHOICES if choices(folders, name))


def choices(folders: Sequence[Path], group: str) -> list[str]:
    """Names of the choices of a group, sorted; a file whose name begins with `_` is what others build on, no choice."""
    found: set[str] = set()
    for folder in folders:
        found |= {
            path.relative_to(folder / group).with_suffix("").as_posix()
            for path in (folder / group).rglob("*.yaml")
            if not path.name.startswith("_")
        }
    return sorted(found)


def offered(folders: Sequence[Path], group: str) -> list[str]:
    """Names of the choices that can be made on a command line, sorted."""
    return [name for name in choices(folders, group) if (group, name) not in _PYTHON_ONLY]


def local_file(folders: Sequence[Path]) -> Path | None:
    """The file of settings of this machine that is read: the nearest one, or None."""
    for folder in folders:
        path = folder / "local" / "default.yaml"
        if path.is_file():
            return path
    return None
