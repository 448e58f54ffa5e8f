"""`Source`: where labelled sequences come from. A new data set costs one class with two methods."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal

from seqlab.config.data import DataConfig
from seqlab.errors import UserError
from seqlab.sequences import Sequences


class Source(ABC):
    """Two parts of a data set, each read when asked for and not before.

    A source travels to worker processes before it has read anything, so it must be picklable.

    Args:
        config: the settings of the data, of the class registered for this source.

    Attributes:
        notes: sentences about the data that belong beside every result; a source may set them while it reads.
        leaks: what a sequence that stands in two parts is. expected: of made data, by chance; noted: a published split
            is as it is; refused: a mistake in files of a person's own.
        reading: how a source of tables has read its training file, as plain contents for the checkpoint, so that new
            tables are read alike; None for other sources.
    """

    def __init__(self, config: DataConfig) -> None:
        self.config = config
        self.reading: dict[str, Any] | None = None
        self.notes: tuple[str, ...] = ()
        self.leaks: Literal["expected", "noted", "refused"] = "expected"

    @property
    @abstractmethod
    def name(self) -> str:
        """The data set's name, for people and files."""

    @abstractmethod
    def read_train(self) -> Sequences:
        """Read the training part, of which validation is split off later.

        Raises:
            UserError: if it cannot be read.
        """

    @abstractmethod
    def read_test(self) -> Sequences:
        """Read the test part; called only when the user asks for test scores.

        Raises:
            UserError: if it cannot be read, or there is none.
        """


def labels_of(raw: Sequences, what: str) -> Sequence[str]:
    """One class name a sequence.

    Args:
        raw: as a source has read it.
        what: it is, for the error.

    Raises:
        UserError: if there are none.
    """
    if raw.labels is None:
        raise UserError(f"{what} has no labels\nexpected: one class a sequence")
    return raw.labels
