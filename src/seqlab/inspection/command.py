"""The command line that trains on what was looked at, quoted for the shell and for Hydra."""

import shlex
from collections.abc import Sequence

from seqlab.compose.overrides import value_text
from seqlab.readers.reading import Reading
from seqlab.screen import shown_python, shown_script

# Settings of data=files that say how files are to be read; named as the fields of `Reading`.
_WORDS = ("format", "layout", "id", "time", "target", "group", "delimiter")
_LISTS = ("features", "categorical", "ignore")


def overrides_for(path: str, given: Reading, test: str | None = None) -> list[str]:
    """The settings of `python train.py` that read these files as they were read here, in Hydra's grammar.

    Args:
        path: what was looked at, as the user wrote it.
        given: what the user said of it; what was found out will be found out again.
        test: the test part, if there is one.
    """
    settings = ["data=files", f"data.train={value_text(path)}"]
    if test is not None:
        settings.append(f"data.test={value_text(test)}")
    for name in _WORDS:
        value = getattr(given, name)
        if value is not None:
            settings.append(f"data.{name}={value_text(value)}")
    for name in _LISTS:
        values: Sequence[str] | None = getattr(given, name)
        if values:
            settings.append(f"data.{name}=[{','.join(value_text(value) for value in values)}]")
    return settings


def train_command(path: str, given: Reading, test: str | None = None) -> str:
    """A line to paste into a shell; arguments as for `overrides_for`."""
    settings = overrides_for(path, given, test)
    return shlex.join([shown_python(), shown_script("train.py"), *settings])
