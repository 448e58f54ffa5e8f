"""Long form, one row a time step -> sequences."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from seqlab.readers.cells import moments, numbers, words
from seqlab.readers.problems import Problems
from seqlab.readers.roles import Roles
from seqlab.sequences import Categories, IntArray, Ragged, Sequences


def from_long(name: str, table: pa.Table, roles: Roles, *, labelled: bool) -> Sequences:
    """Rows with the same id are the steps of a sequence, in the order of time or, without one, of the file.

    Args:
        name: of the file, for errors.
        table: as read.
        roles: what its columns are; what was put in order is counted there.
        labelled: whether there is a label in every sequence.

    Raises:
        UserError: for cells that do not fit, times that stand twice, or a label that changes within a sequence.
    """
    reading = roles.reading
    assert reading.id is not None
    problems = Problems(name)
    codes, ids = words(table[reading.id])
    for row in np.flatnonzero(codes < 0):
        problems.add(f"row {roles.first_row + row + 1}, column {reading.id!r}", "no id", "an id in every row")
    problems.refuse()

    def place(row: int) -> str:
        return f"row {roles.first_row + row + 1} ({reading.id} {ids[int(codes[row])]!r})"

    order = _together(codes, len(ids), roles)
    times = None
    if reading.time is not None:
        moment = moments(reading.time, table[reading.time], place, problems)
        problems.refuse()
        order = _in_time(codes, moment, order, roles)
        same = np.flatnonzero((np.diff(moment[order]) == 0) & (np.diff(codes[order]) == 0))
        for k in same:
            problems.add(
                place(int(order[k + 1])), f"the same time {moment[order[k]]:g} as row {roles.first_row + order[k] + 1}",
                "one row for each time of a sequence",
            )  # fmt: skip
        times = moment[order]
    lengths = np.bincount(codes, minlength=len(ids))
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    values = np.empty((len(codes), len(reading.features or ())), dtype=np.float32)
    for k, column in enumerate(reading.features or ()):
        values[:, k] = numbers(column, table[column], place, problems)
    categories = _categories(table, list(reading.categorical or ()), order, offsets)
    labels = _constant(table, reading.target, codes, place, problems, roles) if labelled else None
    groups = _constant(table, reading.group, codes, place, problems, roles)
    problems.refuse()
    return Sequences(
        values=Ragged(values if _is_sorted(order) else values[order], offsets),
        labels=labels,
        ids=ids,
        feature_names=list(reading.features or ()),
        categories=categories,
        groups=groups,
        times=None if times is None else Ragged(times, offsets),
    )


def _together(codes: IntArray, count: int, roles: Roles) -> IntArray:
    """The order of rows in which every sequence stands in one piece, in the order of their first rows."""
    pieces = np.flatnonzero(np.diff(codes)) + 1
    if len(pieces) + 1 == count:
        return np.arange(len(codes))
    torn = count - int((np.bincount(codes[np.concatenate([[0], pieces])], minlength=count) == 1).sum())
    roles.counted["the rows of {sequences}, which did not stand together, were put together"] += torn
    return np.argsort(codes, kind="stable")


def _in_time(
    codes: IntArray, moment: "np.typing.NDArray[np.float64]", order: IntArray, roles: Roles
) -> IntArray:
    backwards = (np.diff(moment[order]) < 0) & (np.diff(codes[order]) == 0)
    if not backwards.any():
        return order
    count = len(np.unique(codes[order][1:][backwards]))
    roles.counted["the rows of {sequences} were put into the order of time"] += count
    return np.lexsort((moment, codes))


def _categories(table: pa.Table, names: list[str], order: IntArray, offsets: IntArray) -> Categories | None:
    if not names:
        return None
    found = [words(table[name]) for name in names]
    codes = np.stack([codes.astype(np.int32) for codes, _ in found], axis=1)[order]
    return Categories(names=names, codes=Ragged(codes, offsets), categories=[kept for _, kept in found])


def _constant(
    table: pa.Table,
    column: str | None,
    codes: IntArray,
    place: Callable[[int], str],
    problems: Problems,
    roles: Roles,
) -> list[str] | None:
    """One word a sequence, from a column that must say the same in all of its rows."""
    if column is None or column not in table.column_names:
        return None
    said, names = words(table[column])
    first_row = np.full(int(codes.max()) + 1, len(codes))
    np.minimum.at(first_row, codes, np.arange(len(codes)))
    first = said[first_row]
    for row in np.flatnonzero(said != first[codes]):
        here, there = (names[int(k)] if k >= 0 else "nothing" for k in (said[row], first[codes[row]]))
        problems.add(
            f"{place(int(row))}, column {column!r}",
            f"{here!r}, where row {roles.first_row + first_row[codes[row]] + 1} of the sequence has {there!r}",
            f"one {column} for all rows of a sequence",
        )  # fmt: skip
    for row in first_row[first < 0]:
        problems.add(f"{place(int(row))}, column {column!r}", "nothing", f"a {column} for every sequence")
    return [names[int(k)] if k >= 0 else "" for k in first]


def _is_sorted(order: IntArray) -> bool:
    return bool((np.diff(order) == 1).all())
