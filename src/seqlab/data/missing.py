"""Missing values: counted, refused by name, or filled."""

import numpy as np
import numpy.typing as npt

from seqlab.config.data import Missing
from seqlab.errors import UserError
from seqlab.sequences import FloatArray, IntArray, Ragged, Sequences

IN_WORDS: dict[Missing, str] = {
    "forward_fill": "the last value before stands for them",
    "interpolate": "values in between stand for them",
    "mask": "the mean stands for them, and a feature of its own tells where",
}

_AT_ONCE = 2**20


def counts(raw: Sequences) -> IntArray:
    """How many values are missing of every feature, int64 [F].

    Raises:
        UserError: for an infinite value, which nothing accepts; named by sequence, step and feature.
    """
    flat = raw.ragged.flat
    found = np.zeros(flat.shape[1], dtype=np.int64)
    for start in range(0, len(flat), _AT_ONCE):
        block = flat[start : start + _AT_ONCE]
        if np.isfinite(block).all():
            continue
        if (infinite := np.isinf(block)).any():
            row, column = (int(k) for k in np.argwhere(infinite)[0])
            raise UserError(
                f"{_place(raw, start + row, column)}: {block[row, column]}\n"
                "expected: finite numbers within float32"
            )
        found += np.count_nonzero(np.isnan(block), axis=0)
    return found


def refuse(raw: Sequences, columns: IntArray, expected: str) -> None:
    """End where values of these features are missing.

    Args:
        raw: the sequences.
        columns: numbers of the features.
        expected: the line that says what is accepted.

    Raises:
        UserError: naming the first by sequence, step and feature, and how many there are.
    """
    holes = np.isnan(raw.ragged.flat[:, columns])
    if not holes.any():
        return
    rows, within = np.nonzero(holes)
    several = len(np.unique(_owners(raw.ragged, rows)))
    raise UserError(
        f"{_place(raw, int(rows[0]), int(columns[within[0]]))}: the value is missing; "
        f"{len(rows):,} in all, in {several:,} sequence{'' if several == 1 else 's'}\nexpected: {expected}"
    )


def filled(
    values: Ragged[np.float32],
    how: Missing,
    means: npt.NDArray[np.float64],
    times: Ragged[np.float64] | None = None,
) -> Ragged[np.float32]:
    """The same arrays without NaN; as they are where there is none.

    Args:
        values: arrays [T_i, F].
        how: forward_fill: the last value before, and the mean before the first one; interpolate: on the straight line
            from the last value before to the next one, and the nearest value at both ends; mask: the mean. Where a
            sequence has no value of a feature at all, the mean.
        means: [F], or one row a sequence [N, F].
        times: [T_i], when each step was; None: at equal distances.
    """
    holes = np.isnan(values.flat)
    if not holes.any():
        return values
    flat = values.flat.copy()
    for column in np.flatnonzero(holes.any(axis=0)):
        rows = np.flatnonzero(holes[:, column])
        owners = _owners(values, rows)
        mean = means[column] if means.ndim == 1 else means[owners, column]
        known = np.flatnonzero(~holes[:, column])
        if how == "mask" or not len(known):
            flat[rows, column] = mean
            continue
        place = np.searchsorted(known, rows)  # of the next value
        before, after = known[np.maximum(place - 1, 0)], known[np.minimum(place, len(known) - 1)]
        has_before = (place > 0) & (before >= values.offsets[owners])
        has_after = (place < len(known)) & (after < values.offsets[owners + 1])
        last = flat[before, column].astype(np.float64)
        if how == "forward_fill":
            flat[rows, column] = np.where(has_before, last, mean)
            continue
        coming = flat[after, column].astype(np.float64)
        now, then, later = (x if times is None else times.flat[x] for x in (rows, before, after))
        share = np.where(has_before & has_after, (now - then) / np.where(later > then, later - then, 1), 0)
        between = last + share * (coming - last)
        flat[rows, column] = np.where(has_before, between, np.where(has_after, coming, mean))
    return values.with_flat(flat)


def masks(values: Ragged[np.float32], columns: IntArray) -> FloatArray:
    """1 where a value of these features is missing and 0 where it is there [S, K]."""
    return np.isnan(values.flat[:, columns]).astype(np.float32)


def _owners(values: Ragged[np.float32], rows: IntArray) -> IntArray:
    """Number of the sequence that each row belongs to."""
    return np.searchsorted(values.offsets, rows, side="right") - 1


def _place(raw: Sequences, row: int, column: int) -> str:
    number = int(_owners(raw.ragged, np.array([row]))[0])
    step = row - int(raw.ragged.offsets[number])
    return f"sequence {raw.ids[number]!r}, step {step} (from 0), feature {raw.feature_names[column]!r}"
