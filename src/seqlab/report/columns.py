"""Which column of a table means what: as it was said, or guessed where one name alone fits; a guess is said as one."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from seqlab.errors import UserError, nearest
from seqlab.report.column_names import (
    ARM,
    AVERAGES,
    CORRECT,
    COSTS,
    DATASET,
    GROUP,
    ITEM,
    NO_ARMS,
    PAIR,
    PREDICTION,
    SCORE,
    TRUTH,
    plain,
)
from seqlab.report.metrics import OF_PREDICTIONS
from seqlab.report.options import Options
from seqlab.report.reading import Table
from seqlab.report.units import named_lower, named_share


@dataclass(slots=True, kw_only=True)
class Roles:
    """Which column is what.

    Args:
        arm: of the arm; None where every arm has a column of its own.
        arms: these columns.
        datasets: columns of the data sets, where each has one and every arm a row.
        score: of the scores; None with `arms`, or where predictions are scored.
        metric: what the scores are called.
        pair: of the pairs, without the data set.
        dataset: of the data set, if there is one.
        item, truth, prediction, correct, group: of the form with test items.
        costs: cost -> its column.
        guesses: what was guessed, in words.
    """

    arm: str | None = None
    arms: list[str] = field(default_factory=list)
    datasets: list[str] = field(default_factory=list)
    score: str | None = None
    metric: str = "score"
    pair: list[str] = field(default_factory=list)
    dataset: str | None = None
    item: str | None = None
    truth: str | None = None
    prediction: str | None = None
    correct: str | None = None
    group: str | None = None
    costs: dict[str, str] = field(default_factory=dict)
    guesses: list[str] = field(default_factory=list)


def roles_of(table: Table, options: Options) -> Roles:
    """Find out which column means what.

    Raises:
        UserError: for a column that there is not, or where more than one could be meant.
    """
    roles = Roles()
    parts = [part.strip() for part in (options.arm or "").split(",")]
    if options.arm not in table.names and len(parts) > 1:
        table.join([_column(table, part, "arm") for part in parts], options.arm or "")
    for role in ("score", "arm", "dataset", "item", "truth", "prediction", "correct", "group"):
        given = getattr(options, role)
        if given is not None and not (role == "score" and _is_metric(table, given, options)):
            setattr(roles, role, _column(table, given, role))
    roles.pair = [_column(table, name, "pair") for name in options.pair]
    roles.arms = [_column(table, name, "arms") for name in options.arms]
    _once_each(roles)
    if roles.dataset is None:
        named = [name for name in roles.pair if plain(name) in DATASET]
        roles.dataset = named[0] if named else _guess(table, roles, DATASET, "data set", "--dataset")
    roles.pair = [name for name in roles.pair if name != roles.dataset]
    if roles.arm is None and not roles.arms:
        roles.arm = _guess(table, roles, ARM, "arm", "--arm")
    if not options.pair:
        roles.pair = [name for name in table.names if plain(name) in PAIR and name not in _taken(roles)]
        if roles.pair:
            roles.guesses.append(f"runs are paired by {_quoted(roles.pair)} (--pair)")
    if roles.arm is None and (roles.item or roles.correct or roles.prediction):
        raise UserError(f"--arm: no column names the arm\nallowed: {_columns_there(table)}")
    if roles.arm is None:
        _wide(table, roles, options)
    else:
        _items(table, roles, options)
        if roles.item is None and not _datasets(table, roles, options):
            _score(table, roles, options)
        for cost, names in COSTS.items():
            found = [
                n for n in table.names if plain(n) in names and n not in _taken(roles) and table.is_numeric(n)
            ]
            if len(found) == 1:
                roles.costs[cost] = found[0]
    return roles


def _once_each(roles: Roles) -> None:
    """Refuse a column that was said to be two things."""
    seen: dict[str, str] = {}
    for role in ("arm", "score", "dataset", "item", "truth", "prediction", "correct"):
        name = getattr(roles, role)
        if name is not None and name in seen:
            raise UserError(
                f"--{role}: {name!r} was given for --{seen[name]}\nallowed: a column of its own for each"
            )
        if name is not None:
            seen[name] = role


def _taken(roles: Roles) -> set[str]:
    named = (roles.arm, roles.score, roles.dataset, roles.item, roles.truth, roles.prediction, roles.correct)
    return {name for name in (*named, *roles.pair, *roles.arms) if name is not None}


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _columns_there(table: Table) -> str:
    shown = ", ".join(table.names[:20])
    return shown + (f" and {len(table.names) - 20} more" if len(table.names) > 20 else "")


def _column(table: Table, given: str, role: str) -> str:
    if given in table.names:
        return given
    alike = [name for name in table.names if name.lower() == given.lower()]
    if len(alike) == 1:
        return alike[0]
    near = nearest(given, table.names)
    hint = f"\ndid you mean: {near}" if near else ""
    raise UserError(f"--{role}: there is no column {given!r}\nallowed: {_columns_there(table)}{hint}")


def _guess(table: Table, roles: Roles, names: Sequence[str], what: str, flag: str) -> str | None:
    taken = _taken(roles)
    found = [name for name in table.names if plain(name) in names and name not in taken]
    if len(found) > 1:
        first = [name for name in found if plain(name) == next(n for n in names if n in map(plain, found))]
        found = first if len(first) == 1 else found
    if len(found) > 1:
        raise UserError(
            f"{table.path}: the {what} could be {_quoted(found)}\nallowed: {flag} with one of them"
        )
    if found:
        roles.guesses.append(f"the {what} is {found[0]!r} ({flag})")
    return found[0] if found else None


def _is_metric(table: Table, given: str, options: Options) -> bool:
    """Whether `--score` is no column but the name of a metric: of predictions, or of a table with a column an arm.

    Raises:
        UserError: for a metric that cannot be had from predictions.
    """
    names = {plain(name) for name in table.names}
    if given in table.names:
        return False
    if options.prediction is not None or not names.isdisjoint(PREDICTION):
        if given in OF_PREDICTIONS:
            return True
        near = nearest(given, [*table.names, *OF_PREDICTIONS])
        hint = f"\ndid you mean: {near}" if near else ""
        raise UserError(
            f"--score: {given!r} is neither a column nor a metric of predictions\n"
            f"allowed: {', '.join(OF_PREDICTIONS)}{hint}"
        )
    if bool(options.arms) or (options.arm is None and names.isdisjoint(ARM)):
        return True
    arm = options.arm or next((name for name in table.names if plain(name) in ARM), None)
    if arm not in table.names or not names.isdisjoint({*DATASET, *PAIR}):
        return False
    return (
        len(table.codes(arm)[1]) == table.rows and nearest(given, table.names) is None
    )  # a column a data set


def _scored(table: Table, options: Options) -> bool:
    """Whether `--score` names a metric of predictions."""
    return (
        options.score is not None
        and options.score not in table.names
        and _is_metric(table, options.score, options)
    )


def _items(table: Table, roles: Roles, options: Options) -> None:
    """Columns of test items, where the table has a row for every item."""
    names = {plain(name) for name in table.names}
    said = any((options.item, options.correct, options.prediction, options.truth))
    scored = bool(names & set(CORRECT)) or (names & set(TRUTH) and names & set(PREDICTION))
    if not said and not (names & set(ITEM) and scored and (options.score is None or _scored(table, options))):
        return
    before = list(roles.guesses)
    roles.item = roles.item or _guess(table, roles, ITEM, "test item", "--item")
    if roles.item is None:
        raise UserError(f"--item: no column names the test item\nallowed: {_columns_there(table)}")
    if roles.score is None and roles.correct is None:
        roles.truth = roles.truth or _guess(table, roles, TRUTH, "truth", "--truth")
        roles.prediction = roles.prediction or _guess(table, roles, PREDICTION, "prediction", "--prediction")
        if roles.truth is None or roles.prediction is None:
            roles.guesses = [guess for guess in roles.guesses if guess in before or "item" in guess]
            roles.truth = roles.prediction = None
            roles.correct = _guess(table, roles, CORRECT, "column that says what is right", "--correct")
        if roles.truth is None and roles.correct is None:
            raise UserError(
                f"{table.path}: there are test items, but no scores of them\n"
                f"allowed: --correct COLUMN, or --truth and --prediction, of {_columns_there(table)}"
            )
    roles.group = roles.group or _guess(table, roles, GROUP, "group of test items", "--group")
    roles.metric = roles.score or (options.score or "accuracy" if roles.truth is not None else "accuracy")


def _datasets(table: Table, roles: Roles, options: Options) -> bool:
    """Whether there is a row for every arm and a column for every data set, as benchmarks are published."""
    assert roles.arm is not None
    codes, names = table.codes(roles.arm)
    if roles.score is not None or roles.dataset is not None or roles.pair or len(names) < len(codes):
        return False
    found = [
        name for name in table.names if name != roles.arm and not _sums_up(name) and table.is_numeric(name)
    ]
    if len(found) < 2 or any(map(_named_score, found)):
        return False
    roles.datasets, roles.metric = found, options.score or "score"
    roles.guesses.append(f"every row is an arm, and there is a column for every data set: {_some(found)}")
    return True


def _named_score(name: str) -> bool:
    return named_share(name) or named_lower(name) or plain(name) in SCORE


def _sums_up(name: str) -> bool:
    return plain(name.replace(".", "")) in AVERAGES or name.startswith(("Unnamed:", "column "))


def _some(names: Sequence[str]) -> str:
    return _quoted(names[:6]) + (" and more" if len(names) > 6 else "")


def _score(table: Table, roles: Roles, options: Options) -> None:
    if roles.score is None:
        taken = _taken(roles)
        costs = {name for names in COSTS.values() for name in names}
        found = [
            name
            for name in table.names
            if name not in taken and plain(name) not in costs and _named_score(name)
        ]
        found = [name for name in found if table.is_numeric(name)] or found  # one that is none says why
        if len(found) > 1:
            tests = [name for name in found if "test" in name.lower()]
            found = tests if len(tests) == 1 else found
        if not found:
            found = [
                n for n in table.names if n not in taken and plain(n) not in costs and table.is_numeric(n)
            ]
            found = found if len(found) == 1 else []
        if len(found) != 1:
            could = f"could be {_quoted(found[:6])}" if found else "is not known"
            raise UserError(
                f"{table.path}: the column of scores {could}\nallowed: --score with one of {_columns_there(table)}"
            )
        roles.guesses.append(f"the score is {found[0]!r} (--score)")
        roles.score = found[0]
    roles.metric = roles.score


def _wide(table: Table, roles: Roles, options: Options) -> None:
    """A table with one column a model."""
    roles.metric = options.score or "score"
    roles.score = None
    if not roles.arms:
        taken = _taken(roles)
        roles.arms = [
            name
            for name in table.names
            if name not in taken
            and plain(name) not in NO_ARMS
            and not name.startswith(("Unnamed:", "column "))
            and table.is_numeric(name)
        ]
        scores = [name for name in roles.arms if _named_score(name)]
        if len(roles.arms) < 2 or scores or options.score in table.names:
            raise UserError(
                f"{table.path}: no column names the arm\n"
                f"allowed: --arm COLUMN, or --arms A,B,... with a column for every arm\n"
                f"columns: {_columns_there(table)}"
            )
        roles.guesses.append(f"there is a column for every arm: {_some(roles.arms)} (--arms)")
    if roles.dataset is None and not roles.pair:
        labels = [name for name in table.names if name not in roles.arms and not table.is_numeric(name)]
        for name in labels[:1]:
            codes, found = table.codes(name)
            if len(found) == len(codes) and (codes >= 0).all():
                roles.dataset = name
                roles.guesses.append(f"every row is a data set, named by {name!r} (--dataset)")
