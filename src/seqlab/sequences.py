"""`Sequences`: labelled sequences in memory as NumPy arrays, the way readers hand them on."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequences:
    """Sequences of one part (training or test) of a data set.

    Args:
        values: one float32 array [T_i, F] a sequence; T_i >= 1; all the same F.
        labels: one class name a sequence, or None where there are none (prediction).
        ids: one name a sequence, unique within the part.
        feature_names: F names.
    """

    values: Sequence[FloatArray]
    labels: Sequence[str] | None
    ids: Sequence[str]
    feature_names: Sequence[str]

    def __len__(self) -> int:
        """How many sequences there are."""
        return len(self.values)

    def lengths(self) -> npt.NDArray[np.int64]:
        """Time steps of every sequence, int64 [N]."""
        return np.array([len(v) for v in self.values], dtype=np.int64)

    def content_hash(self) -> str:
        """A SHA-256 of values, lengths and labels: the same content gives the same hash, whatever its name."""
        digest = hashlib.sha256()
        digest.update(self.lengths().tobytes())
        for array in self.values:
            digest.update(np.ascontiguousarray(array, dtype=np.float32).tobytes())
        for label in self.labels or ():
            digest.update(label.encode() + b"\0")
        return digest.hexdigest()
