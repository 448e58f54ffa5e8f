"""What a model has to beat: the largest class, and logistic regression that is blind to order.

Arrays in, probabilities out. The regression is fitted once per data, split and scaling, and then cached.
"""

import contextlib
import hashlib
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from seqlab import files, paths
from seqlab.sequences import FloatArray

Probabilities = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]

VERSION = 1  # of the method and the cache file; a new number fits anew
INVERSE_PENALTY = 1.0  # scikit-learn's C
_FIELDS = ("center", "scale", "weight", "bias")


def majority(train_labels: Labels, n: int, classes: int) -> Probabilities:
    """Class frequencies of the training part for every sequence [n, C]: their largest is the majority class.

    Args:
        train_labels: class numbers [N] from 0 to C - 1; N at least 1.
        n: sequences to predict.
        classes: C.
    """
    counts = np.bincount(train_labels, minlength=classes)
    return np.tile(counts / counts.sum(), (n, 1))


class PooledLogistic:
    """Logistic regression on statistics of each feature over time, and the length.

    The statistics (mean, standard deviation, minimum, maximum; of categories the share of steps that hold each) are
    standardised; multinomial, with an L2 penalty (scikit-learn's C = 1), by lbfgs.
    """

    def __init__(self) -> None:
        self._fitted: dict[str, npt.NDArray[np.float64]] = {}

    def fit(
        self, arrays: Sequence[FloatArray], labels: Labels, classes: int, shares: FloatArray | None = None
    ) -> "PooledLogistic":
        """Fit to training sequences.

        Args:
            arrays: [T_i, F].
            labels: class numbers [N] from 0 to C - 1; a class that does not occur gets probability 0.
            classes: C.
            shares: of categories among the steps of every sequence [N, V], if there are any.
        """
        from sklearn.linear_model import LogisticRegression  # heavy, and not needed where the cache answers

        pooled = pool(arrays, shares)
        center, scale = pooled.mean(axis=0), pooled.std(axis=0)
        scale = np.where(scale > 1e-9 * np.maximum(1.0, np.abs(center)), scale, 1.0)
        weight = np.zeros((classes, pooled.shape[1]))
        bias = np.full(classes, -np.inf)
        present = np.unique(labels)
        bias[present] = 0.0
        if len(present) > 1:
            regression = LogisticRegression(C=INVERSE_PENALTY, max_iter=1000)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                regression.fit((pooled - center) / scale, labels)
            rows = present[1:] if len(present) == 2 else present  # of two classes only the second has a row
            weight[rows], bias[rows] = regression.coef_, regression.intercept_
        self._fitted = {"center": center, "scale": scale, "weight": weight, "bias": bias}
        return self

    def predict_proba(self, arrays: Sequence[FloatArray], shares: FloatArray | None = None) -> Probabilities:
        """Probabilities [N, C] for sequences [T_i, F], with shares [N, V] if it was fitted to some."""
        assert self._fitted, "fit or load first"
        standard = (pool(arrays, shares) - self._fitted["center"]) / self._fitted["scale"]
        scores = standard @ self._fitted["weight"].T + self._fitted["bias"]
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def save(self, path: Path) -> None:
        """Write the fitted regression as npz, whole."""
        fitted = self._fitted

        def write(draft: Path) -> None:
            with draft.open("wb") as stream:
                np.savez(stream, allow_pickle=False, **fitted)

        files.write_whole(path, write)

    @classmethod
    def load(cls, path: Path, features: int, classes: int, shares: int = 0) -> "PooledLogistic | None":
        """Read a fitted regression; None if there is none at `path`, or none for F features, V shares and C classes."""
        statistics = 4 * features + 1 + shares
        shapes = ((statistics,), (statistics,), (classes, statistics), (classes,))
        loaded = cls()
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
                loaded._fitted = {name: archive[name] for name in _FIELDS}
        except Exception:  # broken files raise whatever zipfile, zlib and numpy stumble over
            return None
        fits = all(loaded._fitted[name].shape == shape for name, shape in zip(_FIELDS, shapes, strict=True))
        return loaded if fits else None


def pooled_logistic(
    arrays: Sequence[FloatArray], labels: Labels, classes: int, key: str, shares: FloatArray | None = None
) -> PooledLogistic:
    """The fitted regression, from the cache if it is there.

    Args:
        arrays: training sequences [T_i, F], prepared.
        labels: class numbers [N].
        classes: C.
        key: stands for content, split and scaling; the same key must mean the same arrays, labels and shares.
        shares: of categories [N, V], if there are any.

    A cache that cannot be read or written costs time and nothing else.
    """
    name = hashlib.sha256(f"{VERSION}\0{INVERSE_PENALTY}\0{key}".encode()).hexdigest()
    path = paths.cache_dir() / "baselines" / f"{name}.npz"
    kept = PooledLogistic.load(path, arrays[0].shape[1], classes, 0 if shares is None else shares.shape[1])
    if kept is not None:
        return kept
    fitted = PooledLogistic().fit(arrays, labels, classes, shares)
    with contextlib.suppress(OSError):
        fitted.save(path)
    return fitted


def pool(arrays: Sequence[FloatArray], shares: FloatArray | None = None) -> npt.NDArray[np.float64]:
    """Statistics over time [N, 4 F + 1 + V]: every feature's mean, deviation, minimum, maximum; the length; the shares.

    Args:
        arrays: [T_i, F].
        shares: of categories among the steps of every sequence [N, V]; None: V is 0.
    """
    rows = [
        np.concatenate([a.mean(axis=0), a.std(axis=0), a.min(axis=0), a.max(axis=0), [float(len(a))]])
        for a in (array.astype(np.float64) for array in arrays)
    ]
    pooled = np.stack(rows)
    return pooled if shares is None else np.concatenate([pooled, shares.astype(np.float64)], axis=1)
