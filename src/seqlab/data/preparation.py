"""`Preparation`: what is done to sequences before a model sees them, fitted on the training part alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seqlab.config.data import DataConfig
from seqlab.errors import UserError
from seqlab.sequences import IntArray, Ragged, Sequences

_AT_ONCE = 2**20  # steps that are worked on together, so that their copies in double precision stay small


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Sequences as a model sees them.

    Args:
        values: [T_i, F] float32, finite.
        tokens: [T_i, K] int64 at the same steps, from 0 to the cardinality of their column; None where there are none.
    """

    values: Ragged[np.float32]
    tokens: Ragged[np.int64] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """Scaling of every feature: (value - center) / scale.

    Args:
        features: names of the F features.
        center: F means over all true steps of the training part; zeros without scaling.
        scale: F standard deviations; 1 for a constant feature and without scaling.
    """

    features: Sequence[str]
    center: Sequence[float]
    scale: Sequence[float]

    @classmethod
    def fit(cls, raw: Sequences, items: IntArray, config: DataConfig) -> "Preparation":
        """Fit to training sequences; every true step counts the same, whatever sequence it is in.

        Args:
            raw: as a reader handed them on.
            items: numbers of the training sequences among them.
            config: its `scaling` is followed.
        """
        values, features = raw.ragged, list(raw.feature_names)
        if config.scaling == "none":
            return cls(features=features, center=[0.0] * len(features), scale=[1.0] * len(features))
        steps = values.lengths()[items].sum()
        center = sums(values, lambda flat: flat)[items].sum(axis=0) / steps
        squares = sums(values, lambda flat: np.square(flat - center))[items].sum(axis=0)
        deviation = np.sqrt(squares / steps)
        # a constant feature deviates by rounding errors of its mean
        constant = deviation <= 1e-12 * np.maximum(np.abs(center), np.finfo(np.float32).tiny)
        return cls(
            features=features, center=center.tolist(), scale=np.where(constant, 1.0, deviation).tolist()
        )

    def apply(self, raw: Sequences) -> Prepared:
        """The sequences, prepared; copies.

        Raises:
            UserError: if they have another number of features, or values too far from training for float32.
        """
        values = raw.ragged
        center, scale, flat = np.asarray(self.center), np.asarray(self.scale), values.flat
        if flat.ndim != 2 or flat.shape[1] != len(self.features):
            names = ", ".join(self.features[:12]) + (", ..." if len(self.features) > 12 else "")
            raise UserError(
                f"sequences of the shape {['T', *flat.shape[1:]]}\n"
                f"expected: [T, {len(self.features)}], features {names}"
            )
        prepared = np.empty(flat.shape, dtype=np.float32)
        with np.errstate(over="ignore"):
            for start in range(0, len(flat), _AT_ONCE):
                prepared[start : start + _AT_ONCE] = (flat[start : start + _AT_ONCE] - center) / scale
        if not (fits := np.isfinite(prepared).all(axis=1)).all():
            number = int(np.searchsorted(values.offsets, int(fits.argmin()), side="right")) - 1
            raise UserError(
                f"sequence {number} (counted from 0) lies too far from the training data to be scaled\n"
                "expected: values of the magnitude of the training part, in the same units"
            )
        return Prepared(values=values.with_flat(prepared))

    def to_dict(self) -> dict[str, Any]:
        """Plain contents for a checkpoint."""
        return {"features": list(self.features), "center": list(self.center), "scale": list(self.scale)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Preparation":
        """Back from `to_dict`."""
        return cls(**plain)


def sums(
    values: Ragged[np.float32], of: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]
) -> npt.NDArray[np.float64]:
    """For every sequence, the sum over its steps of `of(steps)`, in double precision [N, F].

    Args:
        values: arrays [T_i, F], T_i >= 1.
        of: steps [S, F] -> numbers [S, F].
    """
    found = np.empty((len(values), *values.flat.shape[1:]))
    at_once = max(1, _AT_ONCE // int(values.lengths().mean()))
    for start in range(0, len(values), at_once):
        offsets = values.offsets[start : start + at_once + 1]
        block = of(values.flat[offsets[0] : offsets[-1]])
        found[start : start + at_once] = np.add.reduceat(
            block, offsets[:-1] - offsets[0], axis=0, dtype=np.float64
        )
    return found
