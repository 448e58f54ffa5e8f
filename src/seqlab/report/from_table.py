"""Evidence out of anybody's table of results: one row a run, a column for every arm, or a row for every test item."""

import dataclasses
import platform
import unicodedata
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from seqlab.errors import UserError, nearest
from seqlab.report.asked import margin_of, with_named
from seqlab.report.cells import Cells, cells_of, made_shares
from seqlab.report.column_names import COSTS, plain
from seqlab.report.columns import Roles, roles_of
from seqlab.report.comparing import PROPORTIONS
from seqlab.report.contrasts import MOST_FOR_ALL_PAIRS
from seqlab.report.evidence import Arm, Evidence, FloatArray, Results, Rules
from seqlab.report.from_items import results_of_items
from seqlab.report.options import Options
from seqlab.report.reading import Table, read_table
from seqlab.report.units import (
    check_sizes,
    is_share,
    named_lower,
    named_percent,
    named_share,
    without_percent,
)

_PLURALS = {
    "seed": "seeds", "randomseed": "seeds", "randomstate": "seeds", "fold": "folds", "cvfold": "folds",
    "resample": "resamples", "split": "splits", "repeat": "repeats", "repetition": "repetitions",
    "replicate": "replicates", "run": "runs", "rep": "repeats",
}  # fmt: skip
_SPLITS = ("folds", "resamples", "splits")


def evidence_of_table(path: Path, options: Options) -> Evidence:
    """Read a table of results.

    Args:
        path: of a CSV, TSV, Parquet or JSON lines file.
        options: which column is what; the rest is guessed, and every guess said.

    Raises:
        UserError: for whatever is wrong with the table, with row or column.
    """
    table = _picked(read_table(path), options)
    roles = roles_of(table, options)
    notes = [*table.notes, *([f"Guessed: {'; '.join(roles.guesses)}."] if roles.guesses else [])]
    if roles.item is not None:
        results, arms, more = results_of_items(table, roles, options)
    else:
        cells = cells_of(table, roles, options)
        results, arms, more = _results(cells, roles), cells.arms, cells.notes
    higher = options.higher_is_better
    if higher is None:
        higher = not named_lower(roles.metric)
        if not higher:
            notes.append(f"A guess: less {roles.metric!r} is better (--higher-is-better if not).")
    if options.test_size is not None and roles.metric.lower() not in PROPORTIONS:
        raise UserError(
            f"--test-size: the luck of test items cannot be told from their number for {roles.metric!r}\n"
            f"allowed: with {', '.join(PROPORTIONS)}; for anything else predictions are needed (--item)"
        )
    factor = 1.0
    if roles.item is None and (named_share(roles.metric) or (higher and named_percent(roles.metric))):
        results, factor = _as_shares(table, roles, results, arms)
    metric = without_percent(roles.metric) if factor != 1.0 else roles.metric
    if factor != 1.0:
        more = [*more, f"Scores of {roles.metric!r} are percentages, 0 to 100."]
    scores = [values for result in results for values in result.scores.values()]
    share = is_share(metric, higher, scores)
    margin, about_margin = margin_of(
        options, roles.metric, share=share, factor=factor, largest=max(map(_largest, scores), default=0.0)
    )
    results = [_described(result, table, roles, options) for result in results]
    check_sizes(roles.metric, scores)
    if not any(np.isfinite(values).any() for values in scores):
        raise UserError(f"{path}: there is no score in column {roles.score or roles.metric!r}")
    notes += [*more, *about_margin, *_splits_in_words(results), *_unbalanced(results, arms)]
    contrasts = with_named(options.contrasts, arms, results, higher)
    about = (
        [
            f"There are {len(arms):,} arms: beside contrasts that were named, each is held against the best alone."
        ]
        if len(arms) > MOST_FOR_ALL_PAIRS
        else []
    )
    notes += [
        note for column in (roles.arm, roles.dataset) if column is not None for note in _blanks(table, column)
    ]
    notes += [*_alike(arms, "arms"), *_alike([r.dataset for r in results], "data sets")]
    return Evidence(
        title=_stem(path),
        question=options.question,
        arms=_with_costs(table, roles, arms),
        results=results,
        contrasts=contrasts,
        rules=Rules(
            metric=metric,
            higher_is_better=higher,
            margin=margin,
            confidence=options.confidence,
            rules=_rules(results, options.confidence),
        ),
        commands=[options.command] if options.command else [],
        versions={name: version(name) for name in ("seqlab", "numpy", "scipy")}
        | {"python": platform.python_version()},
        source=f"{path.name}, a table of {table.rows:,} {'row' if table.rows == 1 else 'rows'}",
        notes=[*notes, *about],
    )


def _stem(path: Path) -> str:
    return path.name.partition(".")[0] or path.name


def _picked(table: Table, options: Options) -> Table:
    for name, value in options.where:
        if name not in table.names:
            near = nearest(name, table.names)
            hint = f"\ndid you mean: {near}" if near else ""
            raise UserError(f"--where: there is no column {name!r}{hint}")
        codes, labels = table.codes(name)
        if value not in labels:
            shown = ", ".join(labels[:8]) + (f" and {len(labels) - 8} more" if len(labels) > 8 else "")
            near = nearest(value, labels)
            hint = f"\ndid you mean: {near}" if near else ""
            raise UserError(f"--where: no row has {value!r} in column {name!r}\nallowed: {shown}{hint}")
        table = table.only(codes == labels.index(value))
    if options.where:
        words = ", ".join(f"{name} is {value}" for name, value in options.where)
        table.notes.append(f"Only rows where {words}.")
    return table


def _results(cells: Cells, roles: Roles) -> list[Results]:
    """Scores of every arm, data set by data set."""
    A, order = len(cells.arms), np.argsort(cells.dataset, kind="stable")
    bounds = np.searchsorted(cells.dataset[order], np.arange(len(cells.datasets) + 1))
    found: list[Results] = []
    for number, name in enumerate(cells.datasets):
        own = order[bounds[number] : bounds[number + 1]]
        if not len(own):
            continue
        there, pair = np.unique(cells.pair[own], return_inverse=True)
        scores = np.full((A, len(there)), np.nan)
        scores[cells.arm[own], pair.reshape(-1)] = cells.score[own]
        pairs = [cells.pairs[place] for place in there]
        of_arm = dict(zip(cells.arms, scores, strict=True))
        found.append(Results(dataset=name, pairs=pairs, scores=of_arm, paired=cells.paired))
    return found


def _as_shares(
    table: Table, roles: Roles, results: Sequence[Results], arms: Sequence[str]
) -> tuple[list[Results], float]:
    values = np.concatenate([np.concatenate([r.scores[arm] for r in results]) for arm in arms])
    arm = np.repeat(np.arange(len(arms)), [sum(len(r.scores[name]) for r in results) for name in arms])
    inside = bool(((values >= 0) & (values <= 100) | np.isnan(values)).all())
    if not inside or not (named_percent(roles.metric) or made_shares(values, arm, arms, roles.metric, table)):
        return list(results), 1.0
    shares = [dataclasses.replace(r, scores={name: s / 100 for name, s in r.scores.items()}) for r in results]
    return shares, 100.0


def _largest(values: FloatArray) -> float:
    there = values[np.isfinite(values)]
    return float(there.max()) if len(there) else 0.0


def _blanks(table: Table, column: str) -> list[str]:
    found = table.blanks(column)
    if not found:
        return []
    shown = ", ".join(map(repr, found[:4])) + (f" and {len(found) - 4} more" if len(found) > 4 else "")
    return [f"Blanks around names in column {column!r} were left out: {shown} and the same without are one."]


def _alike(names: Sequence[str], what: str) -> list[str]:
    """Names that differ in case, blanks, hyphens or underscores alone are probably one."""
    kin: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        key = unicodedata.normalize("NFKC", name).casefold()
        kin.setdefault("".join(letter for letter in key if letter not in " \t\n-_\u00a0"), []).append(name)
    pairs = [own for own in kin.values() if len(own) > 1]
    if not pairs:
        return []
    each = "; ".join(" and ".join(repr(name) for name in own[:4]) for own in pairs[:4])
    more = f"; and {len(pairs) - 4} more" if len(pairs) > 4 else ""
    return [f"These {what} are kept apart, but may be meant as one: {each}{more}."]


def _described(result: Results, table: Table, roles: Roles, options: Options) -> Results:
    """The same results with what their pairs are, and how far these overlap."""
    kinds = [_PLURALS.get(plain(name), "pairs") for name in roles.pair]
    splits = [kind for kind in kinds if kind in _SPLITS]
    pairs_are = splits[0] if splits else kinds[0] if len(kinds) == 1 else "pairs" if kinds else "runs"
    overlap = options.overlap
    if overlap is None and pairs_are == "folds":
        column = roles.pair[kinds.index("folds")]
        folds = len(table.codes(column)[1])
        overlap = 1 / (folds - 1) if folds > 1 else None
    return Results(
        dataset=result.dataset,
        pairs=result.pairs,
        scores=result.scores,
        items=result.items,
        item_scores=result.item_scores,
        groups=result.groups,
        test_size=options.test_size if not splits else None,
        pairs_are=pairs_are,
        overlap=overlap,
        paired=result.paired,
    )


def _splits_in_words(results: Sequence[Results]) -> list[str]:
    if len(results) != 1 or results[0].overlap is None:
        return []
    return [
        f"The pairs are {results[0].pairs_are} of one set, with test parts {results[0].overlap:.3g} times as large as "
        "training parts; intervals are made longer for what the training parts share (Nadeau and Bengio 2003)."
    ]


def _unbalanced(results: Sequence[Results], arms: Sequence[str]) -> list[str]:
    """Missing runs and uneven arms, in words."""
    counts = {
        arm: sum(int(np.isfinite(r.scores[arm]).sum()) for r in results if arm in r.scores) for arm in arms
    }
    most = max(counts.values())
    fewer = [f"{arm} {count:,}" for arm, count in counts.items() if count < most]
    if not fewer:
        return []
    shown = ", ".join(fewer[:5]) + (f" and {len(fewer) - 5} more arms" if len(fewer) > 5 else "")
    return [
        f"Arms have different numbers of scores: {most:,} at most, but {shown}. "
        + ("Pairs that both arms have are used." if results[0].paired else "All of them are used.")
    ]


def _with_costs(table: Table, roles: Roles, arms: Sequence[str]) -> list[Arm]:
    """Arms with their mean costs, where the table has columns of such names."""
    costs: dict[str, dict[str, float | None]] = {arm: {} for arm in arms}
    for cost in COSTS:
        if cost in roles.costs and roles.arm is not None:
            values = table.numbers(roles.costs[cost]).values
            codes, labels = table.codes(roles.arm)
            for number, label in enumerate(labels):
                own = values[codes == number]
                if label in costs and np.isfinite(own).any():
                    costs[label][cost] = float(np.nanmean(own))
    return [Arm(name=arm, cost=costs[arm]) for arm in arms]


def _rules(results: Sequence[Results], confidence: float) -> list[str]:
    many = len(results) > 1
    words = [
        f"Intervals are at {confidence * 100:g} %. Equal arms are called different in at most "
        f"{(1 - confidence) * 100:.2g} % of cases, over all contrasts of a kind (Holm's correction), as far as "
        "intervals hold all chance.",
        "Arms are compared over the pairs that both have.",
    ]
    if many:
        words.append("The unit is the data set: each counts once, with its mean over runs.")
    return words
