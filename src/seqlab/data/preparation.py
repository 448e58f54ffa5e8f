"""`Preparation`: what is done to values before a model sees them, fitted on the training part alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from seqlab.errors import UserError
from seqlab.sequences import FloatArray

Scaling = Literal["none", "standard"]


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
    def fit(cls, values: Sequence[FloatArray], features: Sequence[str], scaling: Scaling) -> "Preparation":
        """Fit to training sequences.

        Args:
            values: arrays [T_i, F]; every true step counts the same, whatever sequence it is in.
            features: names of the F features.
            scaling: "standard" or "none".
        """
        if scaling == "none":
            return cls(features=list(features), center=[0.0] * len(features), scale=[1.0] * len(features))
        assert scaling == "standard", scaling
        steps = sum(len(array) for array in values)
        center = np.sum([array.sum(axis=0, dtype=np.float64) for array in values], axis=0) / steps
        squares = np.sum([np.square(array - center).sum(axis=0) for array in values], axis=0)
        deviation = np.sqrt(squares / steps)
        # a constant feature deviates by rounding errors of its mean
        constant = deviation <= 1e-12 * np.maximum(np.abs(center), np.finfo(np.float32).tiny)
        return cls(
            features=list(features), center=center.tolist(), scale=np.where(constant, 1.0, deviation).tolist()
        )

    def apply(self, values: Sequence[npt.NDArray[Any]]) -> list[FloatArray]:
        """Prepared copies [T_i, F] float32 of the sequences.

        Raises:
            UserError: if a sequence has another number of features, or values too far from training for float32.
        """
        center, scale = np.asarray(self.center), np.asarray(self.scale)
        for i, array in enumerate(values):
            if array.ndim != 2 or array.shape[1] != len(self.features):
                names = ", ".join(self.features[:12]) + (", ..." if len(self.features) > 12 else "")
                raise UserError(
                    f"sequence {i} (counted from 0) has the shape {list(array.shape)}\n"
                    f"expected: [T, {len(self.features)}], features {names}"
                )
        return [_narrow((array - center) / scale, i) for i, array in enumerate(values)]

    def to_dict(self) -> dict[str, Any]:
        """Plain contents for a checkpoint."""
        return {"features": list(self.features), "center": list(self.center), "scale": list(self.scale)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Preparation":
        """Back from `to_dict`."""
        return cls(**plain)


def _narrow(array: npt.NDArray[np.float64], number: int) -> FloatArray:
    with np.errstate(over="ignore"):
        narrow = array.astype(np.float32)
    if not np.isfinite(narrow).all():
        raise UserError(
            f"sequence {number} (counted from 0) lies too far from the training data to be scaled\n"
            "expected: values of the magnitude of the training part, in the same units"
        )
    return narrow
