"""Sets of the UCR/UEA archive: those that aeon bundles, those already on disk, and the rest by download."""

import importlib.util
import re
from pathlib import Path

from seqlab import paths
from seqlab.config.data import ArchiveConfig
from seqlab.data import download
from seqlab.data.source import Source
from seqlab.errors import UserError, nearest
from seqlab.readers import read_ts
from seqlab.sequences import Sequences

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class Archive(Source):
    """A set of the archive by its name there, such as JapaneseVowels or GunPoint.

    Looked for in `data.directory` (as NAME/NAME_TRAIN.ts or NAME_TRAIN.ts), among the sets bundled with aeon,
    in the user's cache, and then on the archive's site.

    Args:
        config: settings of the data.

    Raises:
        UserError: if the name could not be one of the archive's.
    """

    def __init__(self, config: ArchiveConfig) -> None:
        super().__init__(config)
        if not _NAME.fullmatch(config.name):
            raise UserError(
                f"data.name: {config.name!r} is not allowed\n"
                "allowed: letters, digits, '-' and '_', such as GunPoint (a folder goes into data.directory)"
            )
        self.leaks = "noted"
        self._name = config.name
        self._download_dir = Path(config.directory).expanduser() if config.directory else _cache_dir()
        self._own_dir = self._download_dir if config.directory else None

    @property
    def name(self) -> str:
        """The set's name in the archive."""
        return self._name

    def read_train(self) -> Sequences:
        """Read NAME_TRAIN.ts."""
        return read_ts(self._find("TRAIN"))

    def read_test(self) -> Sequences:
        """Read NAME_TEST.ts."""
        return read_ts(self._find("TEST"))

    def find_train(self) -> Path:
        """The file of the training part, downloaded if need be.

        Raises:
            UserError: if there is none to be had.
        """
        return self._find("TRAIN")

    def _find(self, part: str) -> Path:
        own = [self._own_dir, self._own_dir / self._name] if self._own_dir else []
        for folder in [*own, bundled_dir() / self._name, _cache_dir() / self._name]:
            if (file := self._file_in(folder, part)) is not None:
                return file
        names = list(dict.fromkeys([*self._names_in_own_dir(), *bundled()]))
        for name in names:
            if name != self._name and name.lower() == self._name.lower():
                raise self._absent("names are case-sensitive", name)
        try:
            download.fetch(self._name, self._download_dir)
        except download.NotFetched as error:
            raise self._absent(str(error), nearest(self._name, names)) from None
        file = self._file_in(self._download_dir / self._name, part)
        assert file is not None, "what was fetched is there"
        return file

    def _file_in(self, folder: Path, part: str) -> Path | None:
        """A part's file in a folder; where values are missing in the set, the archive's own completed version."""
        complete = {p: folder / f"{self._name}_nmv_{p}.ts" for p in ("TRAIN", "TEST")}
        if all(path.is_file() for path in complete.values()):
            self.notes = ("values missing in this set were filled in by the archive's makers (_nmv)",)
            return complete[part]
        plain = folder / f"{self._name}_{part}.ts"
        return plain if plain.is_file() else None

    def _absent(self, reason: str, near: str | None) -> UserError:
        """That the set cannot be had: where it was looked for, why not, and what may have been meant."""
        where = "on this machine"
        if self._own_dir is not None:
            found = "" if self._own_dir.is_dir() else ", which is no folder,"
            where = f"in {self._own_dir} (data.directory){found} nor elsewhere on this machine"
        hint = f"did you mean {near}? " if near else ""
        return UserError(
            f"data.name: no data set {self._name} {where}, and {reason}\n"
            f"{hint}bundled, needing no network: {', '.join(bundled())}"
        )

    def _names_in_own_dir(self) -> list[str]:
        if self._own_dir is None or not self._own_dir.is_dir():
            return []
        found = [*self._own_dir.glob("*_TRAIN.ts"), *self._own_dir.glob("*/*_TRAIN.ts")]
        return sorted({file.name.removesuffix("_TRAIN.ts") for file in found})


def bundled_dir() -> Path:
    """The folder of the sets that aeon brings along, found without importing aeon."""
    spec = importlib.util.find_spec("aeon")
    assert spec is not None and spec.submodule_search_locations, "aeon is a dependency"
    return Path(spec.submodule_search_locations[0]) / "datasets" / "data"


def bundled() -> list[str]:
    """Names of the classification sets that aeon brings along."""
    found = (train.parent.name for train in bundled_dir().glob("*/*_TRAIN.ts"))
    return [name for name in sorted(set(found)) if _is_classification(bundled_dir() / name, name)]


def _is_classification(folder: Path, name: str) -> bool:
    train, test = folder / f"{name}_TRAIN.ts", folder / f"{name}_TEST.ts"
    if not (train.is_file() and test.is_file()):
        return False
    with train.open(encoding="utf-8", errors="replace") as stream:
        for line in stream:
            if line.lower().startswith("@classlabel true"):
                return True
            if line.lower().startswith("@data"):
                break
    return False


def _cache_dir() -> Path:
    return paths.cache_dir() / "archive"
