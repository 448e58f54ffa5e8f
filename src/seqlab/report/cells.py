"""A table's rows -> scores by data set, arm and pair, in the long form or with a column for every arm."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from seqlab.errors import UserError
from seqlab.report.column_names import AVERAGES, plain
from seqlab.report.columns import Roles
from seqlab.report.evidence import FloatArray, IntArray
from seqlab.report.options import Options
from seqlab.report.reading import Numbers, Table

_MOST_DECIMALS = 1.5


@dataclass(slots=True, kw_only=True)
class Cells:
    """One entry for every score.

    Args:
        datasets, arms, pairs: labels.
        dataset, arm, pair: which of them [n].
        score: NaN where there is none [n].
        row: in the table, from 1 [n].
        notes: what a reader has to know.
        paired: whether pairs belong together; else they are rows in the order of the table.
    """

    datasets: list[str]
    arms: list[str]
    pairs: list[str]
    dataset: IntArray
    arm: IntArray
    pair: IntArray
    score: FloatArray
    row: IntArray
    notes: list[str] = field(default_factory=list)
    paired: bool = True


def labels_of(table: Table, roles: Roles) -> tuple[IntArray, list[str], IntArray, list[str]]:
    """Data set and pair of every row: codes and labels of both.

    Raises:
        UserError: for a row without one of them.
    """
    rows = table.rows
    dataset, datasets = np.zeros(rows, dtype=np.int64), [""]
    if roles.dataset is not None:
        dataset, datasets = table.codes(roles.dataset)
        _all_there(table, roles.dataset, dataset)
    columns = []
    for name in roles.pair:
        codes, labels = table.codes(name)
        _all_there(table, name, codes)
        columns.append(_by_number(codes, labels))
    if not columns:
        return dataset, datasets, np.zeros(rows, dtype=np.int64), ["1"]
    if len(columns) == 1:
        return dataset, datasets, columns[0][0], columns[0][1]
    keys = np.stack([codes for codes, _ in columns], axis=1)
    _, first, pair = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    words = [
        ", ".join(
            f"{name} {labels[codes[row]]}" for name, (codes, labels) in zip(roles.pair, columns, strict=True)
        )
        for row in first
    ]
    return dataset, datasets, pair.reshape(-1).astype(np.int64), words


def _by_number(codes: IntArray, labels: list[str]) -> tuple[IntArray, list[str]]:
    """Labels in the order of their numbers, where all of them are; else as they came."""
    try:
        order = np.argsort([float(label) for label in labels], kind="stable")
    except ValueError:
        return codes, labels
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place[codes], [labels[number] for number in order]


def _all_there(table: Table, name: str, codes: IntArray) -> None:
    if (codes < 0).any():
        row = int(np.flatnonzero(codes < 0)[0]) + 1
        raise UserError(
            f"{table.path}: row {row} has nothing in column {name!r}\nallowed: a value in every row"
        )


def arms_of(table: Table, roles: Roles) -> tuple[IntArray, list[str]]:
    """The arm of every row: codes and labels.

    Raises:
        UserError: for a row without one.
    """
    assert roles.arm is not None
    codes, labels = table.codes(roles.arm)
    _all_there(table, roles.arm, codes)
    return codes, labels


def cells_of(table: Table, roles: Roles, options: Options) -> Cells:
    """Every score with its data set, arm and pair; averages among data sets left out, percentages made shares.

    Raises:
        UserError: for what is no number, has no label, or stands twice.
    """
    dataset, datasets, pair, pairs = labels_of(table, roles)
    rows = np.arange(1, table.rows + 1)
    notes: list[str] = []
    if roles.datasets:
        arm, arms = arms_of(table, roles)
        found = [table.numbers(name) for name in roles.datasets]
        D = len(found)
        cells = Cells(
            datasets=list(roles.datasets), arms=arms, pairs=pairs, dataset=np.repeat(np.arange(D), table.rows),
            arm=np.tile(arm, D), pair=np.tile(pair, D), row=np.tile(rows, D), notes=notes,
            score=np.concatenate([numbers.values for numbers in found]),
        )  # fmt: skip
    elif roles.arm is not None:
        assert roles.score is not None
        arm, arms = arms_of(table, roles)
        read = table.numbers(roles.score)
        cells = Cells(
            datasets=datasets, arms=arms, pairs=pairs, dataset=dataset, arm=arm, pair=pair,
            score=read.values, row=rows, notes=notes,
        )  # fmt: skip
        found = [read]
    else:
        arms = list(roles.arms)
        found = [table.numbers(name) for name in arms]
        A = len(arms)
        cells = Cells(
            datasets=datasets, arms=arms, pairs=pairs, dataset=np.tile(dataset, A),
            arm=np.repeat(np.arange(A), table.rows), pair=np.tile(pair, A),
            score=np.concatenate([numbers.values for numbers in found]), row=np.tile(rows, A), notes=notes,
        )  # fmt: skip
    _note_numbers(cells, found)
    _without_averages(cells)
    if not options.pair and roles.pair and not _shared(cells):
        notes.append(f"No two arms have {' and '.join(roles.pair)} in common, so runs are not paired by it.")
        roles.pair = []
    if not roles.pair:
        _in_order(cells, roles)
    return _once(cells, table, roles, options)


def _note_numbers(cells: Cells, found: Sequence[Numbers]) -> None:
    if any(numbers.deviations for numbers in found):
        cells.notes.append("Numbers behind ± were left out: of the scores, only the means were read.")
    infinite = sum(numbers.infinite for numbers in found)
    if infinite:
        cells.notes.append(f"Infinite scores count as missing: {infinite}.")
    if any(numbers.percent for numbers in found):
        cells.score = cells.score / 100
        cells.notes.append("Scores were written with a percent sign.")


def _without_averages(cells: Cells) -> None:
    """Take out rows that sum up the others, as published tables have at their end."""
    named = [number for number, label in enumerate(cells.datasets) if _is_average(label)]
    if not named or len(named) == len(cells.datasets):
        return
    keep = ~np.isin(cells.dataset, named)
    for name in ("dataset", "arm", "pair", "score", "row"):
        setattr(cells, name, getattr(cells, name)[keep])
    left = ", ".join(repr(cells.datasets[number]) for number in named)
    cells.notes.append(f"A guess by the name: {left} is no data set but sums others up, and was left out.")


def _is_average(label: str) -> bool:
    return (
        plain(label.replace(".", "")) in AVERAGES or plain(label.split("(")[0].replace(".", "")) in AVERAGES
    )


def _shared(cells: Cells) -> bool:
    """Whether any two arms have a pair in common."""
    keys = np.unique((cells.dataset * len(cells.pairs) + cells.pair) * len(cells.arms) + cells.arm)
    pairs = keys // len(cells.arms)
    return len(cells.arms) < 2 or len(np.unique(pairs)) < len(pairs)


def _in_order(cells: Cells, roles: Roles) -> None:
    """Without a column that pairs runs, the n-th row of one arm goes with the n-th of another."""
    keys = cells.dataset * len(cells.arms) + cells.arm
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(ordered) else np.zeros(0, int)
    place = np.arange(len(ordered)) - np.repeat(starts, np.diff(np.r_[starts, len(ordered)]))
    if not len(place) or place.max() == 0:
        return
    if roles.arm is None and roles.dataset is not None:
        return  # the same data set twice in a table with a column for every arm: found as standing twice
    cells.pair = np.empty(len(place), dtype=np.int64)
    cells.pair[order] = place
    cells.pairs = [str(number + 1) for number in range(int(place.max()) + 1)]
    if roles.arm is None:
        return  # a row of a table with a column for every arm is a pair
    cells.paired = False
    cells.notes.append(
        "No column says which runs belong together, so arms are compared without pairing, which takes more runs "
        "(--pair COLUMN)."
    )


def _once(cells: Cells, table: Table, roles: Roles, options: Options) -> Cells:
    """One score for every arm, pair and data set.

    Raises:
        UserError: if there are more, and `--duplicates mean` was not said.
    """
    A, P = len(cells.arms), len(cells.pairs)
    keys = (cells.dataset * A + cells.arm) * P + cells.pair
    unique, first, inverse, counts = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    if len(unique) == len(keys):
        return cells
    if options.duplicates == "refuse":
        raise UserError(_twice(cells, table, roles, int(np.flatnonzero(counts > 1)[0]), inverse.reshape(-1)))
    there = np.isfinite(cells.score)
    inverse = inverse.reshape(-1)
    sums = np.bincount(inverse, weights=np.where(there, cells.score, 0.0), minlength=len(unique))
    known = np.bincount(inverse, weights=there.astype(np.float64), minlength=len(unique))
    mean = np.divide(sums, known, out=np.full(len(unique), np.nan), where=known > 0)
    notes = [
        *cells.notes,
        f"Of {int((counts > 1).sum()):,} runs there were several rows; they were averaged.",
    ]
    return Cells(
        datasets=cells.datasets, arms=cells.arms, pairs=cells.pairs, dataset=cells.dataset[first],
        arm=cells.arm[first], pair=cells.pair[first], score=mean, row=cells.row[first], notes=notes,
    )  # fmt: skip


def _twice(cells: Cells, table: Table, roles: Roles, which: int, inverse: IntArray) -> str:
    places = np.flatnonzero(inverse == which)[:2]
    one, other = (int(cells.row[place]) for place in places)
    words = [f"{roles.arm or 'arm'} {cells.arms[cells.arm[places[0]]]!r}"]
    if roles.dataset is not None:
        words.append(f"{roles.dataset} {cells.datasets[cells.dataset[places[0]]]!r}")
    if roles.pair:
        words.append(f"{' and '.join(roles.pair)} {cells.pairs[cells.pair[places[0]]]!r}")
    differing = differing_columns(table, roles, one - 1, other - 1)
    hint = f"; the rows differ in {', '.join(map(repr, differing[:4]))}" if differing else ""
    return (
        f"{table.path}: {', '.join(words)} stands in row {one} and again in row {other}{hint}\n"
        "allowed: one row a run; --arm or --pair with a column more, --where COLUMN=VALUE, or --duplicates mean"
    )


def differing_columns(table: Table, roles: Roles, one: int, other: int) -> list[str]:
    """Columns without a role in which two rows differ."""
    used = {roles.arm, roles.score, roles.dataset, roles.truth, roles.prediction, roles.correct, *roles.pair}
    found: list[str] = []
    for name in table.names:
        if name not in used:
            codes, _ = table.codes(name)
            if codes[one] != codes[other]:
                found.append(name)
    return found


def made_shares(scores: FloatArray, arm: IntArray, arms: Sequence[str], metric: str, table: Table) -> bool:
    """Whether scores are percentages, by their name and size.

    Raises:
        UserError: if those of some arms are, and those of others are shares.
    """
    known = np.isfinite(scores)
    values = scores[known]
    if not len(values) or values.min() < 0 or values.max() > 100 or values.max() <= _MOST_DECIMALS:
        return False
    largest = np.full(len(arms), -np.inf)
    np.maximum.at(largest, arm[known], values)
    counts = np.bincount(arm[known], minlength=len(arms))
    small = [name for name, most, n in zip(arms, largest, counts, strict=True) if n > 1 and most <= 1]
    if small:
        large = arms[int(np.argmax(largest))]
        raise UserError(
            f"{table.path}: {metric} of {small[0]!r} lies between 0 and 1, that of {large!r} reaches {values.max():g}\n"
            "allowed: shares (0 to 1) or percentages (0 to 100), the same for all"
        )
    return True
