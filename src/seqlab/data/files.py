"""A person's own files as a source."""

from dataclasses import asdict
from pathlib import Path

from seqlab.config.files import FilesConfig
from seqlab.data.source import Source
from seqlab.errors import UserError
from seqlab.readers.opening import require_file
from seqlab.readers.reading import Reading, Settled
from seqlab.readers.understanding import understand
from seqlab.sequences import Sequences

_SMALL = 2**25  # bytes: half a second


class Files(Source):
    """Sequences in files: the test file is read as the training file was understood.

    Args:
        config: settings of the data.

    Raises:
        UserError: if no file is named, or one that is named is not there.
    """

    def __init__(self, config: FilesConfig) -> None:
        super().__init__(config)
        if config.train is None:
            raise UserError(
                "data.train: no file is named\nexpected: data.train=FILE, such as data.train=my_data.csv"
            )
        self._config = config
        self._train = require_file(config.train, "data.train, a file with sequences")
        self._test = (
            None if config.test is None else require_file(config.test, "data.test, a file with sequences")
        )
        self.leaks = "noted" if config.allow_leaks else "refused"

    @property
    def small(self) -> bool:
        """Whether the training file is read so quickly that it may be read once more, to refuse it early."""
        return self._train.stat().st_size <= _SMALL

    @property
    def name(self) -> str:
        """The training file's name without its suffix."""
        return Path(self._train).stem

    def read_train(self) -> Sequences:
        """Read data.train; what was guessed and changed becomes notes."""
        config = self._config
        asked = Reading(
            format=config.format,
            layout=config.layout,
            id=config.id,
            time=config.time,
            target=config.target,
            group=config.group,
            features=config.features,
            categorical=config.categorical,
            ignore=config.ignore,
            delimiter=config.delimiter,
        )
        found = understand(self._train, asked)
        self.reading = asdict(found.reading.for_another_file())
        self.notes = (*(f"guessed: {words}" for words in found.guesses), *found.changes)
        return found.sequences

    def read_test(self) -> Sequences:
        """Read data.test."""
        if self._test is None:
            raise UserError(
                "data.test: no file is named, so there is no test part\n"
                "expected: data.test=FILE, or evaluate_test=false"
            )
        if self.reading is None:
            self.read_train()
        assert self.reading is not None
        found = understand(self._test, Settled(**self.reading))
        self.notes = (*self.notes, *(f"test part: {words}" for words in found.changes))
        return found.sequences
