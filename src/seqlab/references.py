"""What every arm has to beat before recurrence is called needed: order-free models, and convolutions of chance.

Arrays in, predicted classes out. A multilayer perceptron and a support vector machine see statistics of every feature
over time and the length, nothing of the order; MiniRocket (Dempster, Schmidt & Webb 2021,
https://arxiv.org/abs/2012.08791) sees the order through ten thousand random convolutions, and knows nothing that
recurs. Of categories and texts the first two see how many steps hold each, and MiniRocket nothing. Each makes its inner
choice by cross-validation on the training part, and each is deterministic.
"""

import contextlib
import re
import time
import warnings
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seqlab.baselines import pool
from seqlab.sequences import FloatArray

Labels = npt.NDArray[np.int64]
Statistics = npt.NDArray[np.float64]

MAJORITY, PERCEPTRON, SUPPORT_VECTORS, MINIROCKET = (
    "majority class",
    "order-free perceptron",
    "order-free support vectors",
    "MiniRocket",
)
_PENALTIES = (1e-4, 1e-2, 1.0)  # of the perceptron's weights: scikit-learn's alpha
_INVERSE_PENALTIES = (0.1, 1.0, 10.0, 100.0)  # of the support vector machine: scikit-learn's C
_HIDDEN = 64
_FOLDS = 3
_SHORTEST = 9  # MiniRocket's kernels have nine weights
_AT_ONCE = 2**28  # bytes of MiniRocket's features that lie in memory together
# Beyond these their time grows with the square or the cube of the training part.
_MOST_FOR_SUPPORT_VECTORS = 5_000
_MOST_FOR_MINIROCKET = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceResult:
    """Predictions of one reference.

    Args:
        name: such as "MiniRocket".
        predicted: class numbers [N] of the test sequences.
        note: what a reader has to know of how it was fitted; empty where there is nothing.
        seconds: wall time of fitting and predicting, without that of importing and compiling.
    """

    name: str
    predicted: Labels
    note: str
    seconds: float


def fit_references(
    train_arrays: Sequence[FloatArray],
    train_labels: Labels,
    test_arrays: Sequence[FloatArray],
    classes: int,
    seed: int,
    *,
    train_shares: FloatArray | None = None,
    test_shares: FloatArray | None = None,
    minirocket: bool = True,
) -> list[ReferenceResult]:
    """Fit every reference to the training part and predict the test part.

    Args:
        train_arrays: prepared sequences [T_i, F] float32, T_i at least 1.
        train_labels: class numbers [N] from 0 to C - 1; classes may be absent.
        test_arrays: sequences [T_i, F].
        classes: C.
        seed: of weights, folds and kernels; the same arguments give the same predictions.
        train_shares: of categories among the steps of every training sequence [N, V], if there are any.
        test_shares: the same of the test sequences.
        minirocket: whether to fit MiniRocket, whose first use imports aeon and may compile for a minute.

    Returns:
        Majority class, perceptron, support vectors and, if asked for and if there are numeric features, MiniRocket.
    """
    assert len(train_arrays) == len(train_labels) >= 1 and 0 <= seed < 2**31
    labels = np.asarray(train_labels, dtype=np.int64)
    count = len(test_arrays)
    most = int(np.bincount(labels, minlength=classes).argmax())
    results = [
        ReferenceResult(name=MAJORITY, predicted=np.full(count, most, dtype=np.int64), note="", seconds=0.0)
    ]
    minirocket = minirocket and train_arrays[0].shape[1] > 0
    names = [PERCEPTRON, SUPPORT_VECTORS, *([MINIROCKET] if minirocket else [])]
    if len(np.unique(labels)) < 2 or count == 0:
        note = "training holds a single class" if count else ""
        constant = np.full(count, labels[0], dtype=np.int64)
        return results + [
            ReferenceResult(name=name, predicted=constant, note=note, seconds=0.0) for name in names
        ]
    with _undisturbed():
        train, test, dropped = _standardised(pool(train_arrays, train_shares), pool(test_arrays, test_shares))
        results.append(_timed(PERCEPTRON, lambda: _perceptron(train, labels, test, seed), dropped))
        results.append(_timed(SUPPORT_VECTORS, lambda: _support_vectors(train, labels, test, seed), dropped))
        if minirocket:
            prepare_minirocket(several_features=train_arrays[0].shape[1] > 1)
            less = "" if train_shares is None else "numeric features alone"
            results.append(
                _timed(MINIROCKET, lambda: _minirocket(train_arrays, labels, test_arrays, seed), less)
            )
    return results


def _timed(name: str, fit: Callable[[], tuple[Labels, str]], more: str) -> ReferenceResult:
    started = time.perf_counter()
    predicted, note = fit()
    seconds = time.perf_counter() - started
    notes = "; ".join(words for words in (note, more) if words)
    return ReferenceResult(name=name, predicted=predicted.astype(np.int64), note=notes, seconds=seconds)


@contextlib.contextmanager
def _undisturbed() -> Generator[None]:
    """Nothing is said, and NumPy's global generator, which MiniRocket seeds, is as it was afterwards."""
    state = np.random.get_state()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(state)


def _standardised(train: Statistics, test: Statistics) -> tuple[Statistics, Statistics, str]:
    """Statistics with mean 0 and standard deviation 1 in training; those that never vary there are left out."""
    center, scale = train.mean(axis=0), train.std(axis=0)
    moves = scale > 1e-9 * np.maximum(1.0, np.abs(center))
    if not moves.any():
        return np.zeros((len(train), 1)), np.zeros((len(test), 1)), "no statistic varies in training"
    train, test = ((part[:, moves] - center[moves]) / scale[moves] for part in (train, test))
    return train, test, ""


def _perceptron(train: Statistics, labels: Labels, test: Statistics, seed: int) -> tuple[Labels, str]:
    from sklearn.neural_network import MLPClassifier

    def make(penalty: float) -> Any:
        return MLPClassifier((_HIDDEN,), alpha=penalty, max_iter=200, random_state=seed)

    penalty, fit_on = _chosen(make, _PENALTIES, train, labels, seed)
    model = make(penalty).fit(train, labels)
    return model.predict(test), f"{_HIDDEN} hidden units, alpha {penalty:g} {fit_on}"


def _support_vectors(train: Statistics, labels: Labels, test: Statistics, seed: int) -> tuple[Labels, str]:
    from sklearn.svm import SVC

    def make(inverse_penalty: float) -> Any:
        return SVC(C=inverse_penalty)

    rows = _stratified(labels, _MOST_FOR_SUPPORT_VECTORS, seed)
    fewer = _of_how_many(rows, labels)
    penalty, fit_on = _chosen(make, _INVERSE_PENALTIES, train[rows], labels[rows], seed)
    model = make(penalty).fit(train[rows], labels[rows])
    return model.predict(test), f"radial kernel, C {penalty:g} {fit_on}{', ' if fewer else ''}{fewer}"


def _chosen(
    make: Callable[[float], Any],
    candidates: Sequence[float],
    train: Statistics,
    labels: Labels,
    seed: int,
) -> tuple[float, str]:
    """The candidate that is right most often on held-out folds, the first of equals; and how it was found.

    Classes with fewer sequences than folds would be missing from some of them; with a single sequence in the
    smallest class there are no folds, and the middle candidate is taken.
    """
    from sklearn.model_selection import StratifiedKFold

    folds = min(_FOLDS, int(np.bincount(labels)[np.unique(labels)].min()))
    if folds < 2:
        return candidates[len(candidates) // 2], "(not chosen: a class has a single sequence)"
    right = np.zeros(len(candidates), dtype=np.int64)
    for fitted, held_out in StratifiedKFold(folds, shuffle=True, random_state=seed).split(train, labels):
        for k, candidate in enumerate(candidates):
            model = make(candidate).fit(train[fitted], labels[fitted])
            right[k] += int((model.predict(train[held_out]) == labels[held_out]).sum())
    return candidates[int(right.argmax())], f"by {folds}-fold cross-validation"


def _stratified(labels: Labels, most: int, seed: int) -> npt.NDArray[np.int64]:
    """Sorted numbers of at most `most` sequences, each class in proportion and with one at least."""
    if len(labels) <= most:
        return np.arange(len(labels))
    rng = np.random.default_rng(seed)
    rows = [
        rng.permutation(found)[: max(1, len(found) * most // len(labels))]
        for found in (np.flatnonzero(labels == k) for k in np.unique(labels))
    ]
    return np.sort(np.concatenate(rows))


def _of_how_many(rows: npt.NDArray[np.int64], labels: Labels) -> str:
    return "" if len(rows) == len(labels) else f"fitted to {len(rows):,} of {len(labels):,} sequences"


def capped_in(note: str) -> str:
    """To how many sequences a reference was fitted, out of its note; empty where it was all of them."""
    found = re.search(r"fitted to [\d,]+ of [\d,]+ sequences", note)
    return found[0] if found is not None else ""


def prepare_minirocket(several_features: bool = True) -> float:
    """Import aeon and have its kernels compiled, or read from numba's cache.

    Args:
        several_features: numba compiles one version for series of one feature, another for more.

    Returns:
        Seconds that it took: next to nothing the second time within a process.
    """
    started = time.perf_counter()
    few = [np.zeros((_SHORTEST, 2 if several_features else 1), dtype=np.float32)] * 2
    with _undisturbed():
        for _ in _features_of(few, few, 0):
            pass
    return time.perf_counter() - started


def _minirocket(
    train_arrays: Sequence[FloatArray], labels: Labels, test_arrays: Sequence[FloatArray], seed: int
) -> tuple[Labels, str]:
    """Ridge regression on MiniRocket's features, its penalty by leave-one-out, as its authors have it.

    aeon's transform takes series of one length only, and none below nine steps.
    """
    from sklearn.linear_model import RidgeClassifierCV

    rows = _stratified(labels, _MOST_FOR_MINIROCKET, seed)
    fewer, labels = _of_how_many(rows, labels), labels[rows]
    train_arrays = [train_arrays[i] for i in rows]
    lengths = np.array([len(array) for array in train_arrays])
    length = max(_SHORTEST, int(np.median(lengths)))
    unequal = any(len(array) != length for array in (*train_arrays, *test_arrays))
    resampled = f"every series resampled to {length} steps" if unequal else ""
    note = ", ".join(words for words in (resampled, fewer) if words)
    features = _features_of(_resampled(train_arrays, length), _resampled(test_arrays, length), seed)
    train = next(features)
    scale = train.std(axis=0)
    moves = scale > 0
    if not moves.any():
        most = np.full(len(test_arrays), np.bincount(labels).argmax(), dtype=np.int64)
        return most, "no feature varies in training"
    ridge = RidgeClassifierCV(alphas=np.logspace(-3, 3, 10)).fit(train[:, moves] / scale[moves], labels)
    predicted = [np.asarray(ridge.predict(block[:, moves] / scale[moves])) for block in features]
    return np.concatenate(predicted), note


def _features_of(train: Sequence[FloatArray], test: Sequence[FloatArray], seed: int) -> Generator[FloatArray]:
    """MiniRocket's features [N, 9,996] of training, then those of the test part, block by block.

    Args:
        train: series [length, F], all of one length, which is at least 9.
        test: series of the same length.
        seed: of the kernels' channels and thresholds.
    """
    from aeon.transformations.collection.convolution_based import MiniRocket

    rocket = MiniRocket(random_state=seed, n_jobs=1)
    features = np.asarray(rocket.fit_transform(_stacked(train)))
    yield features
    block = max(1, _AT_ONCE // (features.itemsize * features.shape[1]))
    for start in range(0, len(test), block):
        yield np.asarray(rocket.transform(_stacked(test[start : start + block])))


def _stacked(arrays: Sequence[FloatArray]) -> FloatArray:
    """Series as aeon takes them: [N, F, length]."""
    return np.ascontiguousarray(np.stack(arrays).transpose(0, 2, 1))


def _resampled(arrays: Sequence[FloatArray], length: int) -> list[FloatArray]:
    """Series of exactly `length` steps, by linear interpolation; those that are so long stay as they are."""
    return [array if len(array) == length else _stretched(array, length) for array in arrays]


def _stretched(array: FloatArray, length: int) -> FloatArray:
    places = np.linspace(0, len(array) - 1, length)
    below = np.floor(places).astype(np.int64)
    above = np.minimum(below + 1, len(array) - 1)
    share = (places - below)[:, None]
    return ((1 - share) * array[below] + share * array[above]).astype(np.float32)
