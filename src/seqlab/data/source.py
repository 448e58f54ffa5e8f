"""`Source`: where labelled sequences come from. A new data set costs one class with two methods."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

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
        refuses_leaks: whether a sequence that stands in two parts is a mistake: it is in files of a person's own; made
            data may repeat themselves by chance, and a published split is as it is.
    """

    def __init__(self, config: DataConfig) -> None:
        self.config = config
        self.notes: tuple[str, ...] = ()
        self.refuses_leaks = False

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
