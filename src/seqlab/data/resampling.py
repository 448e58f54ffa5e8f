"""Steps with times: irregular ones refused, told to the model, or put on a regular grid. Long sequences: cropped."""

from dataclasses import replace

import numpy as np

from seqlab.config.data import CropFrom
from seqlab.errors import UserError
from seqlab.sequences import IntArray, Ragged, Sequences, offsets_of

DELTA = "time since the step before"

_TOLERANCE = 0.01  # share of the usual interval by which one may differ and still be called regular
_MOST = 100  # times as many steps as were read


def interval(times: Ragged[np.float64], items: IntArray | None = None) -> float | None:
    """The median interval between neighbouring steps of some sequences, all by default; None where there is none."""
    between = _steps_between(times if items is None else times.take(items))
    between = between[~np.isnan(between)]
    return float(np.median(between)) if len(between) else None


def require_regular(raw: Sequences, usual: float) -> None:
    """End where times are not regular.

    Args:
        raw: sequences with times.
        usual: the interval that is expected everywhere, give or take 1 %.

    Raises:
        UserError: naming the first sequence and step, and how many there are.
    """
    assert raw.times is not None
    between = _steps_between(raw.times)
    odd = np.flatnonzero(np.abs(between - usual) > _TOLERANCE * usual)
    if not len(odd):
        return
    number = int(np.searchsorted(raw.times.offsets, odd[0], side="right")) - 1
    step = int(odd[0] - raw.times.offsets[number])
    several = np.count_nonzero(~np.isnan(between))
    raise UserError(
        f"sequence {raw.ids[number]!r}, step {step} (from 0): {between[odd[0]]:.6g} after the step before, where "
        f"{usual:.6g} is usual; {len(odd):,} of {several:,} intervals differ by more than 1 %\n"
        "expected: regular times (data.irregular=refuse); in training, data.irregular=delta gives the model the time "
        "since the step before, and resample puts values on a regular grid"
    )


def with_delta(raw: Sequences) -> Sequences:
    """The sequences with one more feature, `DELTA`: 0 at the first step."""
    assert raw.times is not None
    delta = np.nan_to_num(_steps_between(raw.times)).astype(np.float32)
    values = raw.ragged.with_flat(np.concatenate([raw.ragged.flat, delta[:, None]], axis=1))
    return replace(raw, values=values, feature_names=[*raw.feature_names, DELTA])


def grid_lengths(times: Ragged[np.float64], every: float) -> IntArray:
    """Steps of every sequence on a grid that begins with its first step and does not pass its last, int64 [N]."""
    spans = times.flat[times.offsets[1:] - 1] - times.flat[times.offsets[:-1]]
    return np.floor(spans / every + 1e-6).astype(np.int64) + 1


def resampled(raw: Sequences, every: float) -> Sequences:
    """Sequences on a regular grid that begins with the first step of each.

    Numeric features lie on the straight line between the steps before and after, and are missing where one of them
    is; categories are those of the step before.

    Args:
        raw: sequences with times.
        every: distance of the grid's steps.

    Raises:
        UserError: if there would be a hundred times as many steps as were read.
    """
    times, values = raw.times, raw.ragged
    assert times is not None
    lengths = grid_lengths(times, every)
    if lengths.sum() > _MOST * len(times.flat):
        longest = int(lengths.argmax())
        raise UserError(
            f"an interval of {every:.6g} makes {lengths.sum():,} steps of {len(times.flat):,}; the longest sequence, "
            f"{raw.ids[longest]!r}, has {lengths[longest]:,}\nexpected: a longer data.interval"
        )
    offsets = offsets_of(lengths)
    grid = np.repeat(times.flat[times.offsets[:-1]], lengths)
    grid += every * (np.arange(len(grid)) - np.repeat(offsets[:-1], lengths))
    before = np.empty(len(grid), dtype=np.int64)
    for i in range(len(raw)):
        within = np.searchsorted(times[i], grid[offsets[i] : offsets[i + 1]], side="right") - 1
        before[offsets[i] : offsets[i + 1]] = times.offsets[i] + within
    after = np.minimum(before + 1, np.repeat(times.offsets[1:] - 1, lengths))
    gap = times.flat[after] - times.flat[before]
    share = np.clip((grid - times.flat[before]) / np.where(gap > 0, gap, 1), 0, 1)[:, None]
    low, high = values.flat[before], values.flat[after]
    between = np.where(share == 0, low, np.where(share == 1, high, low + share * (high - low)))
    categories = raw.categories
    if categories is not None:
        codes: Ragged[np.int32] = Ragged(categories.codes.flat[before], offsets)
        categories = replace(categories, codes=codes)
    return replace(
        raw,
        values=Ragged(between.astype(np.float32), offsets),
        times=Ragged(grid, offsets),
        categories=categories,
    )


def cropped(raw: Sequences, longest: int, crop_from: CropFrom) -> Sequences:
    """Sequences of at most `longest` steps: of longer ones the end or the start is kept."""
    lengths = raw.lengths()
    if raw.texts is not None or not (lengths > longest).any():
        return raw
    kept = np.minimum(lengths, longest)
    offsets = offsets_of(kept)
    first = raw.ragged.offsets[:-1] + (lengths - kept if crop_from == "end" else 0)
    rows = np.arange(int(offsets[-1])) + np.repeat(first - offsets[:-1], kept)
    times, categories = raw.times, raw.categories
    if categories is not None:
        codes: Ragged[np.int32] = Ragged(categories.codes.flat[rows], offsets)
        categories = replace(categories, codes=codes)
    return replace(
        raw,
        values=Ragged(raw.ragged.flat[rows], offsets),
        times=None if times is None else Ragged(times.flat[rows], offsets),
        categories=categories,
    )


def _steps_between(times: Ragged[np.float64]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Time since the step before, float64 [S]; NaN at the first step of a sequence."""
    between = np.diff(times.flat, prepend=np.nan)
    starts = times.offsets[:-1]
    between[starts[starts < len(between)]] = np.nan
    return between
