"""`Sweep`: a question as it is asked, from a YAML file and the words of a command line."""

from dataclasses import dataclass
from pathlib import Path

from seqlab.config.sweep import SweepConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One alternative.

    Args:
        name: unique in the sweep; the name of its folder and the end of its study's name.
        overrides: settings of its own, such as ("model=lstm", "model.num_layers=2").
    """

    name: str
    overrides: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A sweep that has been read and held to the types, but not yet to the runs that it asks for.

    Args:
        name: such as "depth_width_direction".
        directory: absolute; where everything is written (SWEEP_DIR).
        config: the typed tree of the sweep itself.
        fixed: settings of every run: the file's, then the command line's.
        arms: at least one; where the file names none, a single one named "all".
        config_dir: a folder with YAML of the user's own, or None.
        command: the words that the sweep was called with, for the record and for "how to resume".
        prefix: what stands on that command line in front of the sweep's own settings.
    """

    name: str
    directory: Path
    config: SweepConfig
    fixed: tuple[str, ...]
    arms: tuple[Arm, ...]
    config_dir: Path | None
    command: tuple[str, ...]
    prefix: str = ""

    @property
    def flags(self) -> list[str]:
        """The flags with which `train.py` finds the files of settings that the sweep has found."""
        return [] if self.config_dir is None else ["--config-dir", str(self.config_dir)]
