"""Packages from outside, switched on by naming them: `plugins=[my_lab]`.

Importing the package is all that happens: it calls `seqlab.register` for its parts. A `conf` folder inside it
adds choices to the configuration groups. A package is imported when it is named on the command line, in the YAML of
a chosen experiment, in the file of settings of this machine, or in the config file given by `--config`; never
because a checkpoint or a data file names one.
"""

import importlib
import pkgutil
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import yaml

from seqlab.choices import local_file
from seqlab.errors import UserError, nearest


def load_plugins(packages: Sequence[str]) -> list[Path]:
    """Import every package, so that it registers its parts.

    Args:
        packages: names of importable packages; the current folder is looked in last.

    Returns:
        The `conf` folders of those that have one.

    Raises:
        UserError: for a package that cannot be found, or whose import fails.
    """
    here = str(Path.cwd())
    if packages and here not in sys.path:
        sys.path.append(here)
    folders: list[Path] = []
    for package in packages:
        _import(package)
        module_file = sys.modules[package].__file__
        if module_file is not None and (conf := Path(module_file).parent / "conf").is_dir():
            folders.append(conf)
    return folders


def plugins_in(path: Path) -> list[str]:
    """Packages that a YAML file names under `plugins`.

    Raises:
        UserError: if the file is not YAML.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not YAML\n{' '.join(str(error).split())}") from None
    named = content.get("plugins") if isinstance(content, dict) else None
    return [str(word) for word in named] if isinstance(named, list) else []


def local_plugins(folders: Sequence[Path]) -> list[str]:
    """Packages that the file of settings of this machine names."""
    path = local_file(folders)
    return plugins_in(path) if path is not None else []


def _import(package: str) -> None:
    if not all(word.isidentifier() for word in package.split(".")):
        raise UserError(f"plugins: {package!r} is not the name of a package")
    try:
        importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name is None or not (package == error.name or package.startswith(error.name + ".")):
            raise _broken(package, error) from None
        near = nearest(package, [module.name for module in pkgutil.iter_modules() if module.ispkg])
        hint = f"\ndid you mean: {near}" if near else ""
        raise UserError(
            f"plugins: there is no package {package!r}\n"
            f"allowed: packages that are installed, or lie in the current folder{hint}"
        ) from None
    except UserError as error:
        raise UserError(f"plugins: {package!r}: {error}") from None
    except (Exception, SystemExit) as error:
        raise _broken(package, error) from None


def _broken(package: str, error: BaseException) -> UserError:
    """The last line of the package's own that ran, and what it raised."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "importlib" not in f.filename]
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else package
    what = " ".join(str(error).split())
    return UserError(f"plugins: importing {package!r} failed at {place}\n{type(error).__name__}: {what}")
