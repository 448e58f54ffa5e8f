"""A table with a row for every run and test item -> predictions or scores [R, N] of every arm."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqlab.errors import UserError
from seqlab.report.cells import arms_of, differing_columns, labels_of
from seqlab.report.columns import Roles
from seqlab.report.evidence import FloatArray, IntArray, Items, Results
from seqlab.report.metrics import OF_PREDICTIONS
from seqlab.report.options import Options
from seqlab.report.reading import Table

# Of all test items of a data set, these many have to be known of every run for them to count as shared.
_SHARED = 0.5
_MOST_CELLS = 400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Rows of one data set: arm, pair and item of each [n], and what stands there."""

    arm: IntArray
    pair: IntArray
    item: IntArray
    values: FloatArray
    truth: IntArray


def results_of_items(
    table: Table, roles: Roles, options: Options
) -> tuple[list[Results], list[str], list[str]]:
    """Results of every data set, the arms, and what a reader has to know.

    Raises:
        UserError: for rows that stand twice, truths that differ, and labels that are not there.
    """
    assert roles.item is not None
    dataset, datasets, pair, pairs = labels_of(table, roles)
    arm, arms = arms_of(table, roles)
    item, items = table.codes(roles.item)
    if (item < 0).any():
        raise UserError(
            f"{table.path}: row {int(np.flatnonzero(item < 0)[0]) + 1} has nothing in column {roles.item!r}"
        )
    groups = table.codes(roles.group) if roles.group is not None else None
    values, truth, classes, notes = _values(table, roles, options)
    results: list[Results] = []
    for number, name in enumerate(datasets):
        own = np.flatnonzero(dataset == number)
        there, own_pair = np.unique(pair[own], return_inverse=True)
        known, own_item = np.unique(item[own], return_inverse=True)
        rows = _Rows(
            arm=arm[own],
            pair=own_pair.reshape(-1),
            item=own_item.reshape(-1),
            values=values[own],
            truth=truth[own],
        )
        R, N = len(there), len(known)
        _once(
            table,
            roles,
            rows,
            own,
            (len(arms), R, N),
            arms,
            [pairs[p] for p in there],
            [items[i] for i in known],
        )
        ids = [items[i] for i in known]
        of_group = None
        if groups is not None:
            of_group = np.zeros(N, dtype=np.int64)
            of_group[rows.item] = groups[0][own]
            _check_groups(table, roles, groups[0][own], of_group[rows.item], own)
        label = [pairs[p] for p in there]
        result, note = _of_dataset(table, rows, arms, label, ids, classes, roles, of_group)
        where = f" ({name})" if name else ""
        notes += [line + where for line in note]
        results.append(
            Results(
                dataset=name,
                pairs=label,
                scores=result.scores,
                items=result.items,
                item_scores=result.item_scores,
                groups=result.groups,
            )
        )
    return results, arms, notes


def _values(
    table: Table, roles: Roles, options: Options
) -> tuple[FloatArray, IntArray, list[str], list[str]]:
    """Scores of items, or predicted class numbers; true class numbers; names of classes."""
    none = np.zeros(table.rows, dtype=np.int64)
    if roles.truth is None or roles.prediction is None:
        column = roles.correct or roles.score
        assert column is not None
        read = table.numbers(column)
        missing = int((~np.isfinite(read.values)).sum())
        if missing:
            row = int(np.flatnonzero(~np.isfinite(read.values))[0]) + 1
            raise UserError(
                f"{table.path}: row {row} has no number in column {column!r}\nallowed: one in every row"
            )
        if roles.correct is not None and not np.isin(read.values, (0.0, 1.0)).all():
            raise UserError(
                f"{table.path}: column {column!r} is to say what is right\nallowed: 0 and 1, or true and false"
            )
        return read.values, none, [], []
    true, true_names = table.codes(roles.truth)
    said, said_names = table.codes(roles.prediction)
    if (true < 0).any():
        row = int(np.flatnonzero(true < 0)[0]) + 1
        raise UserError(
            f"{table.path}: row {row} has nothing in column {roles.truth!r}\nallowed: a class in every row"
        )
    true_names, said_names = _alike(true_names, said_names)
    classes = sorted({*true_names, *(name for name in said_names if name)}, key=_sorting)
    number = {name: place for place, name in enumerate(classes)}
    notes: list[str] = []
    if not set(true_names) & set(said_names):
        raise UserError(
            f"{table.path}: {roles.truth!r} and {roles.prediction!r} have no class in common\n"
            f"they hold {', '.join(true_names[:4])} and {', '.join(said_names[:4])}"
        )
    if (said < 0).any():
        notes.append(f"{int((said < 0).sum()):,} predictions are missing, and count as wrong")
    to_class = np.array([number[name] for name in said_names] + [-1], dtype=np.float64)
    of_truth = np.array([number[name] for name in true_names], dtype=np.int64)
    return to_class[said], of_truth[true], classes, notes


def _alike(true_names: list[str], said_names: list[str]) -> tuple[list[str], list[str]]:
    """Class numbers that one column writes as 1 and the other as 1.0 are the same."""
    try:
        return [f"{float(n):g}" for n in true_names], [f"{float(n):g}" if n else n for n in said_names]
    except ValueError:
        return true_names, said_names


def _sorting(name: str) -> tuple[bool, float, str]:
    try:
        return (False, float(name), name)
    except ValueError:
        return (True, 0.0, name)


def _check_groups(table: Table, roles: Roles, given: IntArray, last: IntArray, own: IntArray) -> None:
    """Every row names a group, and all rows of an item the same."""
    wrong = np.flatnonzero((given < 0) | (given != last))
    if not len(wrong):
        return
    row = int(own[wrong[0]]) + 1
    if given[wrong[0]] < 0:
        raise UserError(
            f"{table.path}: row {row} has nothing in column {roles.group!r}\nallowed: a group in every row"
        )
    raise UserError(
        f"{table.path}: the {roles.item} of row {row} has another {roles.group} in another row\n"
        "allowed: one for every item"
    )


def _once(
    table: Table,
    roles: Roles,
    rows: _Rows,
    own: IntArray,
    shape: tuple[int, int, int],
    arms: Sequence[str],
    pairs: Sequence[str],
    ids: Sequence[str],
) -> None:
    _, R, N = shape
    keys = (rows.arm * R + rows.pair) * N + rows.item
    order = np.argsort(keys, kind="stable")
    twice = np.flatnonzero(keys[order][1:] == keys[order][:-1])
    if not len(twice):
        return
    one, other = int(order[twice[0]]), int(order[twice[0] + 1])
    differing = [
        n for n in differing_columns(table, roles, int(own[one]), int(own[other])) if n != roles.item
    ]
    hint = f"; the rows differ in {', '.join(map(repr, differing[:4]))}" if differing else ""
    by = f", {' and '.join(roles.pair)} {pairs[rows.pair[one]]!r}" if roles.pair else ""
    raise UserError(
        f"{table.path}: {roles.arm} {arms[rows.arm[one]]!r}{by}, {roles.item} {ids[rows.item[one]]!r} stands in row "
        f"{own[one] + 1} and again in row {own[other] + 1}{hint}\n"
        "allowed: one row for every run and item; --pair with a column more, or --where COLUMN=VALUE to pick rows"
    )


def _of_dataset(
    table: Table,
    rows: _Rows,
    arms: Sequence[str],
    pairs: Sequence[str],
    ids: Sequence[str],
    classes: list[str],
    roles: Roles,
    groups: IntArray | None,
) -> tuple[Results, list[str]]:
    A, R, N = len(arms), len(pairs), len(ids)
    notes: list[str] = []
    truth = np.full(N, -1, dtype=np.int64)
    if classes:
        truth[rows.item] = rows.truth
        wrong = np.flatnonzero(truth[rows.item] != rows.truth)
        if len(wrong):
            place = int(wrong[0])
            raise UserError(
                f"{table.path}: {roles.item} {ids[rows.item[place]]!r} has two truths, "
                f"{classes[rows.truth[place]]!r} and {classes[truth[rows.item[place]]]!r}\n"
                "allowed: one; --dataset where items of several data sets have the same names"
            )
    run = rows.arm * R + rows.pair
    counts = np.bincount(run, minlength=A * R)
    runs = counts > 0
    in_runs = np.bincount(rows.item, minlength=N)
    shared = in_runs == runs.sum()
    scores = _scores(rows, run, truth, A * R, bool(classes), roles.metric)
    by_arm = dict(zip(arms, scores.reshape(A, R), strict=True))
    crossed = shared.sum() >= max(2, _SHARED * N) and A * R * N <= _MOST_CELLS
    if not crossed:
        if R > 1:
            notes.append(
                "Runs were not tested on the same items, so scores of runs are compared, not of items"
            )
        return Results(dataset="", pairs=pairs, scores=by_arm), notes
    if not shared.all():
        notes.append(
            f"{int((~shared).sum()):,} of {N:,} test items are not known of every run, and were left out"
        )
        rows = _of_items(rows, shared)
        run = rows.arm * R + rows.pair
        truth = truth[shared]
        ids = [name for name, keep in zip(ids, shared, strict=True) if keep]
        groups = groups[shared] if groups is not None else None
        scores = _scores(rows, run, truth, A * R, bool(classes), roles.metric)
        by_arm = dict(zip(arms, scores.reshape(A, R), strict=True))
    cube = np.full((A * R, len(ids)), -1.0 if classes else np.nan)
    cube[run, rows.item] = rows.values
    cube = cube.reshape(A, R, len(ids))
    if not classes:
        return Results(
            dataset="",
            pairs=pairs,
            scores=by_arm,
            item_scores=dict(zip(arms, cube, strict=True)),
            groups=groups,
        ), notes
    predicted = dict(zip(arms, cube.astype(np.int64), strict=True))
    items = Items(ids=ids, truth=truth, classes=classes, predicted=predicted)
    return Results(dataset="", pairs=pairs, scores=by_arm, items=items, groups=groups), notes


def _of_items(rows: _Rows, keep: npt.NDArray[np.bool_]) -> _Rows:
    """Rows of the items [N] that are kept, which are numbered anew."""
    number, own = np.cumsum(keep) - 1, keep[rows.item]
    return _Rows(
        arm=rows.arm[own],
        pair=rows.pair[own],
        item=number[rows.item[own]],
        values=rows.values[own],
        truth=rows.truth[own],
    )


def _scores(
    rows: _Rows, run: IntArray, truth: IntArray, runs: int, are_classes: bool, metric: str
) -> FloatArray:
    """The score of every run from its items; NaN where there is no such run."""
    if are_classes and metric != "accuracy":
        found = np.full(runs, np.nan)
        order = np.argsort(run, kind="stable")
        bounds = np.searchsorted(run[order], np.arange(runs + 1))
        for number in range(runs):
            own = order[bounds[number] : bounds[number + 1]]
            if len(own):
                said = rows.values[own].astype(np.int64)
                found[number] = OF_PREDICTIONS[metric](truth[rows.item[own]], said)
        return found
    values = (rows.values == truth[rows.item]).astype(np.float64) if are_classes else rows.values
    counts = np.bincount(run, minlength=runs)
    sums = np.bincount(run, weights=values, minlength=runs)
    return np.divide(sums, counts, out=np.full(runs, np.nan), where=counts > 0)
