"""Where the shipped conf/ and sweeps/ are, where the machine's own file is, and where caches go."""

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _shipped(folder: str) -> Path:
    inside = _PACKAGE / folder  # an installed wheel carries it
    return inside if inside.is_dir() else _PACKAGE.parent.parent / folder  # a checkout


def conf_dir() -> Path:
    """The folder of the shipped configuration groups."""
    return _shipped("conf")


def sweeps_dir() -> Path:
    """The folder of the shipped sweeps."""
    return _shipped("sweeps")


def local_conf_dirs() -> list[Path]:
    """Folders whose `local/default.yaml` holds for this machine: ./conf, and the checkout's conf."""
    here = Path.cwd() / "conf"
    return [d for d in dict.fromkeys((here, conf_dir())) if (d / "local" / "default.yaml").is_file()]


def cache_dir() -> Path:
    """Folder for what can be computed again (SEQLAB_CACHE, else XDG_CACHE_HOME/seqlab, else ~/.cache/seqlab)."""
    own = os.environ.get("SEQLAB_CACHE")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "seqlab"
