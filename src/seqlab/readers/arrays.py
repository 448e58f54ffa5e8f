"""Arrays and texts from Python -> `Sequences`."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seqlab.errors import UserError
from seqlab.sequences import FloatArray, Sequences


def from_arrays(
    X: Sequence[npt.ArrayLike] | npt.NDArray[Any],
    y: Iterable[object] | None = None,
    *,
    name: str = "X",
) -> Sequences:
    """Sequences from arrays or texts; one that stands alone is called by its index, counted from 0.

    Args:
        X: a list of arrays [T_i, F] or [T_i] (one feature), or one array [N, T, F] or [N, T]; or a list of texts.
        y: one label a sequence, or None.
        name: what error messages call X, such as "data.npz: X".

    Raises:
        UserError: for an empty list or sequence, different numbers of features, values that are not numbers
            or infinite (named by sequence, step and feature; NaN is a missing value), or labels that are not one
            per sequence.
    """
    if isinstance(X, np.ndarray) and X.ndim not in (2, 3) and X.dtype != object:
        raise UserError(
            f"{name}: an array of shape {list(X.shape)}\nexpected: [N, T, F], or [N, T] for one feature"
        )
    try:
        items = [] if isinstance(X, (str, bytes)) else list(X)
    except TypeError:
        items = None
    if items is None or isinstance(X, (str, bytes, dict)):
        raise UserError(
            f"{name}: {type(X).__name__}\nexpected: a list of arrays [T, F], or an array [N, T, F]"
        )
    if not items:
        raise UserError(f"{name}: no sequences\nexpected: at least one array [T, F] or [T]")
    if all(isinstance(item, str) for item in items):
        labels = None if y is None else _labels(y, len(items), name)
        return Sequences.of_texts([str(item) for item in items], labels, numbered(len(items)))
    values = [_steps(item, f"{name}[{i}]") for i, item in enumerate(items)]
    features = values[0].shape[1]
    for i, array in enumerate(values):
        if array.shape[1] != features:
            raise UserError(
                f"{name}[{i}]: {array.shape[1]} features, where {name}[0] has {features}\n"
                "expected: every sequence [T, F] with the same F"
            )
    _narrow(values, name)
    labels = None if y is None else _labels(y, len(values), name)
    return Sequences(
        values=values, labels=labels, ids=numbered(len(values)), feature_names=default_features(features)
    )


def numbered(count: int) -> list[str]:
    """Ids of sequences that have no names of their own: their index, counted from 0."""
    return [str(i) for i in range(count)]


def default_features(count: int) -> list[str]:
    """Names of features that have none of their own: x1, x2, ..."""
    return [f"x{i + 1}" for i in range(count)]


def _steps(item: Any, where: str) -> npt.NDArray[Any]:
    """One sequence as a numeric array [T, F] with T, F >= 1, of whatever precision it came in."""
    try:
        array = np.asarray(item)
    except (ValueError, TypeError, RuntimeError) as error:
        first_line = (str(error).splitlines() or [""])[0]
        raise UserError(f"{where}: not an array ({first_line})\nexpected: numbers [T, F] or [T]") from None
    if array.dtype.kind not in "biuf":
        raise UserError(f"{where}: values of type {array.dtype}\nexpected: numbers [T, F] or [T]")
    if array.ndim not in (1, 2):
        raise UserError(f"{where}: shape {list(array.shape)}\nexpected: [T, F], or [T] for one feature")
    if array.size == 0:
        raise UserError(
            f"{where}: empty, shape {list(array.shape)}\nexpected: at least one step and one feature"
        )
    return array[:, None] if array.ndim == 1 else array


def _narrow(values: list[npt.NDArray[Any]], name: str) -> None:
    """Turn `values` into float32 in place, refusing what is infinite there."""
    first, count = "", 0
    for i, array in enumerate(values):
        values[i] = narrow = as_float32(array)
        wrong = np.isinf(narrow)
        if wrong.any():
            step, feature = (int(k) for k in np.argwhere(wrong)[0])
            first = first or f"{name}[{i}]: step {step}, feature {feature} (from 0) is {array[step, feature]}"
            count += int(wrong.sum())
    if count:
        raise UserError(
            f"{first}; {count} such {'value' if count == 1 else 'values'} in all\n"
            "expected: finite numbers within float32, or NaN where a value is missing"
        )


def _labels(y: Iterable[object], count: int, name: str) -> list[str]:
    array = y if isinstance(y, np.ndarray) else None
    if array is not None and array.ndim != 1:
        raise UserError(
            f"y: an array of shape {list(array.shape)}\nexpected: one label a sequence, [{count}]"
        )
    if isinstance(y, (str, bytes)):
        raise UserError(f"y: {y!r}\nexpected: a list with one label for each of the {count} sequences")
    try:
        items = list(y if array is None else array.tolist())
    except TypeError:
        raise UserError(f"y: {type(y).__name__}\nexpected: a list with one label a sequence") from None
    if len(items) != count:
        raise UserError(
            f"y: {len(items)} labels, but {name} has {count} sequences\nexpected: one label a sequence"
        )
    return [_label(item, f"y[{i}]") for i, item in enumerate(items)]


def _label(item: Any, where: str) -> str:
    """A class name: text and numbers as they are written, whole floats without their point."""
    if isinstance(item, bytes):
        item = item.decode("utf-8", errors="replace")
    elif not isinstance(item, (str, bool, int, float)) and hasattr(
        item, "item"
    ):  # scalars of NumPy and PyTorch
        try:
            item = item.item()
        except (ValueError, RuntimeError):
            item = None
    if isinstance(item, float) and np.isfinite(item):
        item = int(item) if item.is_integer() else item
    elif not isinstance(item, (str, bool, int)):
        raise UserError(f"{where}: {item!r} is no label\nexpected: text or a number")
    label = str(item)
    if not label.strip():
        raise UserError(f"{where}: an empty label\nexpected: text or a number")
    return label


def as_float32(array: npt.NDArray[Any]) -> FloatArray:
    """`array` in single precision, without a warning where that overflows."""
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, dtype=np.float32)
