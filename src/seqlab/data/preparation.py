"""`Preparation`: what is done to sequences before a model sees them, fitted on the training part alone."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from seqlab.config.data import DataConfig, Missing
from seqlab.data import missing, scaling
from seqlab.errors import UserError
from seqlab.sequences import IntArray, Ragged, Sequences


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
    """Missing values filled, then every feature scaled: (value - center) / scale.

    Args:
        features: names of the F features, as they are read.
        center: F numbers; zeros without scaling.
        scale: F numbers; 1 for a constant feature and without scaling.
        per_sequence: scale every sequence by its own mean and standard deviation instead.
        missing: what is done where values are missing.
        means: F means of the training part, for filling; empty where missing values are refused. With
            `per_sequence` a sequence's own mean is taken.
        masked: names of the features that get a feature of their own which tells where they are missing.
    """

    features: Sequence[str]
    center: Sequence[float]
    scale: Sequence[float]
    per_sequence: bool = False
    missing: Missing = "refuse"
    means: Sequence[float] = ()
    masked: Sequence[str] = ()

    @classmethod
    def fit(cls, raw: Sequences, items: IntArray, config: DataConfig) -> "Preparation":
        """Fit to training sequences; every true step counts the same, whatever sequence it is in.

        Args:
            raw: as a reader handed them on; which features can be missing is asked of all of them.
            items: numbers of the training sequences among them; all else is fitted to these alone.
            config: its `scaling` and `missing` are followed.

        Raises:
            UserError: for infinite values, and for missing ones where they are refused.
        """
        holes = missing.counts(raw)
        center, scale = scaling.fit(raw.ragged, items, config.scaling)
        fitted = cls(
            features=list(raw.feature_names),
            center=center.tolist(),
            scale=scale.tolist(),
            per_sequence=config.scaling == "per_sequence",
            missing=config.missing,
            means=[] if config.missing == "refuse" else scaling.means(raw.ragged, items).tolist(),
            masked=[name for name, n in zip(raw.feature_names, holes, strict=True) if n]
            if config.missing == "mask"
            else [],
        )
        fitted._require_accepted(raw, holes)
        return fitted

    @property
    def prepared_features(self) -> list[str]:
        """Names of the features as a model sees them."""
        return [*self.features, *(f"{name} missing" for name in self.masked)]

    def apply(self, raw: Sequences) -> Prepared:
        """The sequences, prepared; copies.

        Raises:
            UserError: if they have another number of features, infinite values, missing ones where training accepted
                none, or values too far from training for float32.
        """
        values, shape = raw.ragged, raw.ragged.flat.shape
        if len(shape) != 2 or shape[1] != len(self.features):
            names = ", ".join(self.features[:12]) + (", ..." if len(self.features) > 12 else "")
            raise UserError(
                f"sequences of the shape {['T', *shape[1:]]}\n"
                f"expected: [T, {len(self.features)}], features {names}"
            )
        holes = missing.counts(raw)
        self._require_accepted(raw, holes)
        center, scale = (
            scaling.fit_each(values)
            if self.per_sequence
            else (np.asarray(self.center), np.asarray(self.scale))
        )
        whole = values
        if holes.any():
            means = center if self.per_sequence else np.asarray(self.means)
            whole = missing.filled(values, self.missing, means, raw.times)
        prepared = scaling.scaled(whole, center, scale)
        if not (fits := np.isfinite(prepared).all(axis=1)).all():
            number = int(np.searchsorted(values.offsets, int(fits.argmin()), side="right")) - 1
            raise UserError(
                f"sequence {number} (counted from 0) lies too far from the training data to be scaled\n"
                "expected: values of the magnitude of the training part, in the same units"
            )
        if self.masked:
            columns = np.array([list(self.features).index(name) for name in self.masked])
            prepared = np.concatenate([prepared, missing.masks(values, columns)], axis=1)
        return Prepared(values=values.with_flat(prepared))

    def _require_accepted(self, raw: Sequences, holes: IntArray) -> None:
        """Refuse what is missing where it may not be."""
        if not holes.any():
            return
        if self.missing == "refuse":
            missing.refuse(
                raw,
                np.arange(len(self.features)),
                "no missing values (data.missing=refuse); accepted in training with data.missing=forward_fill, "
                "interpolate or mask",
            )
        if self.missing == "mask":
            never = [k for k, name in enumerate(self.features) if name not in self.masked]
            missing.refuse(
                raw,
                np.array(never, dtype=np.int64),
                f"missing values in {', '.join(self.masked) or 'no feature'} alone, as in the training file "
                "(data.missing=mask)",
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain contents for a checkpoint."""
        return {key: list(v) if isinstance(v, (list, tuple)) else v for key, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Preparation":
        """Back from `to_dict`, also of a checkpoint that knew less."""
        return cls(**plain)
