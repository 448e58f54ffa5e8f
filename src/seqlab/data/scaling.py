"""Scaling of features, (value - center) / scale: fitted to training sequences, or to every sequence by itself."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from seqlab.config.data import Scaling
from seqlab.sequences import IntArray, Ragged

Numbers = npt.NDArray[np.float64]

_AT_ONCE = 2**20  # steps that are worked on together, so that their copies in double precision stay small


def fit(values: Ragged[np.float32], items: IntArray, how: Scaling) -> tuple[Numbers, Numbers]:
    """Center and scale of every feature over all true steps of some sequences, each [F]; missing values do not count.

    A feature that does not vary has the scale 1, and one without any value the center 0.

    Args:
        values: arrays [T_i, F], NaN where a value is missing.
        items: numbers of the sequences that are looked at.
        how: standard: mean and standard deviation; minmax: the least value and the range; robust: the median and the
            distance of the quartiles; none and per_sequence: 0 and 1.
    """
    features = values.flat.shape[1]
    if how == "standard":
        center, scale = _moments(values, items)
        return center[0], scale[0]
    if how == "minmax":
        extremes = [_reduced(values, part, lambda flat: flat)[items] for part in (np.fmin, np.fmax)]
        least, most = np.fmin.reduce(extremes[0]), np.fmax.reduce(extremes[1])
        least, most = np.nan_to_num(least), np.nan_to_num(most)
        return least, np.where(most > least, most - least, 1.0)
    center, scale = np.zeros(features), np.ones(features)
    if how == "robust":
        rows = values.rows_of(items)
        for k in range(features):
            column = values.flat[rows, k].astype(np.float64)
            if len(column := column[~np.isnan(column)]):
                low, center[k], high = np.percentile(column, [25, 50, 75])
                scale[k] = high - low if high > low else 1.0
    return center, scale


def means(values: Ragged[np.float32], items: IntArray) -> Numbers:
    """Mean of every feature over all true steps of some sequences [F]; 0 where there is no value at all."""
    counts = _present(values)[items].sum(axis=0)
    return _totals(values)[items].sum(axis=0) / np.maximum(counts, 1)


def fit_each(values: Ragged[np.float32]) -> tuple[Numbers, Numbers]:
    """Mean and standard deviation of every feature within every sequence, each [N, F], as `fit` does it."""
    return _moments(values, None)


def scaled(values: Ragged[np.float32], center: Numbers, scale: Numbers) -> npt.NDArray[np.float32]:
    """(value - center) / scale of all steps [S, F], infinite where that is too large for float32.

    Args:
        values: arrays [T_i, F].
        center: [F], or one row a sequence [N, F].
        scale: as `center`.
    """
    found = np.empty(values.flat.shape, dtype=np.float32)
    with np.errstate(over="ignore"):
        for items, rows in _blocks(values):
            found[rows] = (values.flat[rows] - _of_rows(values, center, items)) / _of_rows(
                values, scale, items
            )
    return found


def _moments(values: Ragged[np.float32], items: IntArray | None) -> tuple[Numbers, Numbers]:
    """Mean and standard deviation [1, F] over these sequences together, or [N, F] of every sequence by itself."""

    def together(parts: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return parts if items is None else parts[items].sum(axis=0, keepdims=True)

    counts = np.maximum(together(_present(values)), 1)
    center = together(_totals(values)) / counts
    about = center if items is None else center[0]
    squares = together(_reduced(values, np.add, lambda flat: np.square(_zero_where_missing(flat)), about))
    deviation = np.sqrt(squares / counts)
    # a constant feature deviates by rounding errors of its mean
    constant = deviation <= 1e-12 * np.maximum(np.abs(center), np.finfo(np.float32).tiny)
    return center, np.where(constant, 1.0, deviation)


def _totals(values: Ragged[np.float32]) -> Numbers:
    return _reduced(values, np.add, _zero_where_missing)


def _present(values: Ragged[np.float32]) -> Numbers:
    """How many values every sequence has of every feature [N, F]."""
    found = np.repeat(values.lengths()[:, None].astype(np.float64), values.flat.shape[1], axis=1)
    for items, rows in _blocks(values):
        if (holes := np.isnan(values.flat[rows])).any():
            starts = values.offsets[items] - rows.start
            found[items] -= np.add.reduceat(holes, starts, axis=0, dtype=np.float64)
    return found


def _zero_where_missing(flat: npt.NDArray[Any]) -> npt.NDArray[Any]:
    holes = np.isnan(flat)
    return np.where(holes, 0, flat) if holes.any() else flat


def _reduced(
    values: Ragged[np.float32],
    by: np.ufunc,
    of: Callable[[npt.NDArray[Any]], npt.NDArray[Any]],
    about: Numbers | None = None,
) -> Numbers:
    """For every sequence, `of(steps)` reduced over its steps, in double precision [N, F].

    Args:
        values: arrays [T_i, F], T_i >= 1.
        by: such as np.add.
        of: steps [S, F] -> numbers [S, F].
        about: what is taken from the steps first, [F] or [N, F].
    """
    found = np.empty((len(values), *values.flat.shape[1:]))
    for items, rows in _blocks(values):
        starts = values.offsets[items] - rows.start
        steps = values.flat[rows] if about is None else values.flat[rows] - _of_rows(values, about, items)
        found[items] = by.reduceat(of(steps), starts, axis=0, dtype=np.float64)
    return found


def _of_rows(values: Ragged[np.float32], numbers: Numbers, items: slice) -> Numbers:
    """Numbers [F] as they are, and of numbers [N, F] one row for every step of some sequences."""
    if numbers.ndim == 1:
        return numbers
    return np.repeat(numbers[items], np.diff(values.offsets[items.start : items.stop + 1]), axis=0)


def _blocks(values: Ragged[np.float32]) -> Iterator[tuple[slice, slice]]:
    """Some sequences after the other: their numbers and their rows."""
    at_once = max(1, _AT_ONCE // max(1, int(values.lengths().mean()))) if len(values) else 1
    for start in range(0, len(values), at_once):
        stop = min(start + at_once, len(values))
        yield slice(start, stop), slice(int(values.offsets[start]), int(values.offsets[stop]))
