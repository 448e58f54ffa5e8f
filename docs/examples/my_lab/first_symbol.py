"""A data source: sequences of symbols, of which only the first one matters."""

import numpy as np

from my_lab.settings import FirstSymbolConfig
from seqlab.data.source import Source
from seqlab.sequences import Sequences


class FirstSymbol(Source):
    """Recall of the first symbol of a random sequence, one-hot encoded."""

    def __init__(self, config: FirstSymbolConfig) -> None:
        super().__init__(config)
        self._config = config

    @property
    def name(self) -> str:
        """The name on screen and in results."""
        return f"FirstSymbol{self._config.length}"

    def read_train(self) -> Sequences:
        """The training part."""
        return self._draw(seed=1)

    def read_test(self) -> Sequences:
        """The test part, drawn with another seed."""
        return self._draw(seed=2)

    def _draw(self, seed: int) -> Sequences:
        c = self._config
        symbols = np.random.default_rng(seed).integers(c.symbols, size=(c.sequences, c.length))
        one_hot = np.eye(c.symbols, dtype=np.float32)
        return Sequences(
            values=[one_hot[row] for row in symbols],
            labels=[str(row[0]) for row in symbols],
            ids=[str(i) for i in range(c.sequences)],
            feature_names=[f"symbol {k}" for k in range(c.symbols)],
        )
