"""MNIST-1D (Greydanus & Kobak 2024, https://arxiv.org/abs/2011.14439), made by its authors' package of that name.

Ten digits as curves of 40 steps, each shifted, sheared, scaled and disturbed by chance: what tells them apart is their
shape over time. Made and not downloaded; the package is an extra of seqlab.
"""

import importlib.util
import random
from typing import Any

import numpy as np

from seqlab.config.data import Mnist1dConfig
from seqlab.data.source import Source
from seqlab.errors import UserError
from seqlab.sequences import Sequences


class Mnist1d(Source):
    """The set as its makers define it, of a size of your choice; four in five sequences train.

    Args:
        config: settings of the data.

    Raises:
        UserError: if the package is not installed.
    """

    def __init__(self, config: Mnist1dConfig) -> None:
        super().__init__(config)
        if importlib.util.find_spec("mnist1d") is None:
            raise UserError(
                "data=mnist1d: the package mnist1d, which makes these data, is not installed\n"
                "allowed: another data set; or install it: pip install 'seqlab[mnist1d]'"
            )
        self._config = config
        self.notes = (
            "made data; their makers center and scale training and test values together, one number for all",
        )

    @property
    def name(self) -> str:
        """The set's name."""
        return "MNIST-1D"

    def read_train(self) -> Sequences:
        """The first four fifths."""
        return self._part("")

    def read_test(self) -> Sequences:
        """The last fifth."""
        return self._part("_test")

    def _part(self, suffix: str) -> Sequences:
        from mnist1d.data import get_dataset_args, make_dataset
        from mnist1d.utils import ObjectView

        makers: Any = get_dataset_args(as_dict=True)
        args = ObjectView(makers | {"num_samples": self._config.sequences, "seed": self._config.seed})
        states = random.getstate(), np.random.get_state()
        try:
            made = make_dataset(args)  # seeds the generators of Python and NumPy
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])
        values = np.asarray(made[f"x{suffix}"], dtype=np.float32)[:, :, None]
        return Sequences(
            values=list(values),
            labels=[str(k) for k in made[f"y{suffix}"]],
            ids=[str(i) for i in range(len(values))],
            feature_names=["height"],
        )
