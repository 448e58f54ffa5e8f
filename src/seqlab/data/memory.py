"""Arrays handed over from Python."""

from seqlab.config.data import MemoryConfig
from seqlab.data.source import Source
from seqlab.errors import UserError
from seqlab.sequences import Sequences


class Memory(Source):
    """Sequences that are in memory already.

    Args:
        config: settings of the data.
        train: the training part; None where only the stored settings of a run are at hand.
        test: the test part, if there is one.
    """

    def __init__(
        self, config: MemoryConfig, train: Sequences | None = None, test: Sequences | None = None
    ) -> None:
        super().__init__(config)
        self._name = config.name
        self._train = train
        self._test = test

    @property
    def name(self) -> str:
        """The name given with the arrays."""
        return self._name

    def read_train(self) -> Sequences:
        """The training part as it was handed over."""
        if self._train is None:
            raise UserError(
                "this run's data were handed over in Python, data=(X, y), and are not stored with it\n"
                "expected: the same arrays again, from Python"
            )
        return self._train

    def read_test(self) -> Sequences:
        """The test part as it was handed over."""
        if self._train is None:
            self.read_train()
        if self._test is None:
            raise UserError(
                "these data, handed over in Python, have no test part\nexpected: evaluate_test=false"
            )
        return self._test
