"""`TrialRow`s out of an Optuna study, into trials.parquet and back.

A row is the ledger's: it stands for every trial that was begun, also for one whose coordinator died before it could
write down how the trial ended.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqlab import files
from seqlab.config.sweep import Scalar
from seqlab.errors import UserError
from seqlab.results import TrialRow, TrialState

if TYPE_CHECKING:
    import optuna
    import pyarrow as pa

ATTRIBUTE = "seqlab"
TRIALS_FILE = "trials.parquet"
_PARAMETER = "params."
_BEFORE, _AFTER = ("arm", "number", "state"), ("epochs", "seconds", "reason", "retry_of", "machine")
_LATER = ("slot", "spared_at")  # columns that older files lack
_OPEN = ("running", "waiting")
# What our own word may be, by Optuna's; the first where there is none or it has been overtaken.
_STATES: dict[str, tuple[TrialState, ...]] = {
    "COMPLETE": ("complete", "diverged"),
    "PRUNED": ("pruned", "infeasible"),
    "FAIL": ("failed",),
    "RUNNING": ("running",),
    "WAITING": ("waiting",),
}
_LOST = "lost: the process that ran it ended without a word"
# The mark of a column whose values are of several types.
_WORDS = {b"seqlab": b"words"}


def trial_rows(study: "optuna.Study", arm: str) -> list[TrialRow]:
    """A row for every trial of an arm's study, by number."""
    trials = study.get_trials(deepcopy=False)
    return [_row(trial, arm, len(study.directions)) for trial in trials]


def _row(trial: "optuna.trial.FrozenTrial", arm: str, objectives: int) -> TrialRow:
    known: dict[str, Any] = trial.user_attrs.get(ATTRIBUTE, {})
    state = _state(trial, known.get("state"))
    values = tuple(value if math.isfinite(value) else None for value in trial.values or ())
    values = (*values, *[None] * (objectives - len(values)))
    seconds = known.get("seconds")
    if seconds is None and trial.datetime_start is not None and trial.datetime_complete is not None:
        seconds = (trial.datetime_complete - trial.datetime_start).total_seconds()
    reason: str | None = known.get("reason")
    if state == "failed" and reason is None:
        reason = _LOST
    return TrialRow(
        arm=arm,
        number=trial.number,
        state=state,
        parameters=dict(trial.params),
        values=() if state in _OPEN else values,
        epochs=int(known.get("epochs") or len(trial.intermediate_values)),
        seconds=float(seconds or 0.0),
        reason=reason,
        retry_of=known.get("retry_of"),
        machine=known.get("machine"),
        slot=known.get("slot"),
        spared_at=known.get("spared_at"),
    )


def _state(trial: "optuna.trial.FrozenTrial", own: str | None) -> TrialState:
    possible = _STATES[trial.state.name]
    for state in possible:
        if state == own:
            return state
    if trial.state.name == "COMPLETE" and not all(map(math.isfinite, trial.values or ())):
        return "diverged"
    return possible[0]


def write_trials(path: Path, rows: Sequence[TrialRow], metrics: Sequence[str]) -> None:
    """Write trials.parquet, whole.

    Args:
        path: the file.
        rows: the trials of all arms.
        metrics: the objectives' metrics, in their order; each becomes a column.
    """
    import pyarrow as pa
    import pyarrow.parquet as parquet

    settings = dict.fromkeys(key for row in rows for key in row.parameters)
    columns = [
        ("arm", pa.string(), [row.arm for row in rows]),
        ("number", pa.int64(), [row.number for row in rows]),
        ("state", pa.string(), [row.state for row in rows]),
    ]
    fields = [pa.field(name, kind) for name, kind, _ in columns]
    arrays = [pa.array(values, kind) for _, kind, values in columns]
    for key in settings:
        field, array = _setting_column(key, rows)
        fields.append(field)
        arrays.append(array)
    columns = [
        (metric, pa.float64(), [row.values[place] if row.values else None for row in rows])
        for place, metric in enumerate(metrics)
    ]
    columns += [
        ("epochs", pa.int64(), [row.epochs for row in rows]),
        ("seconds", pa.float64(), [row.seconds for row in rows]),
        ("reason", pa.string(), [row.reason for row in rows]),
        ("retry_of", pa.int64(), [row.retry_of for row in rows]),
        ("machine", pa.string(), [row.machine for row in rows]),
        ("slot", pa.int64(), [row.slot for row in rows]),
        ("spared_at", pa.int64(), [row.spared_at for row in rows]),
    ]
    fields += [pa.field(name, kind) for name, kind, _ in columns]
    arrays += [pa.array(values, kind) for _, kind, values in columns]
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    files.write_whole(path, lambda draft: parquet.write_table(table, draft))


def _setting_column(key: str, rows: Sequence[TrialRow]) -> "tuple[pa.Field, pa.Array]":
    """A column of the natural type where all values share one, of words as on a command line where they do not."""
    import pyarrow as pa

    asked = [key in row.parameters for row in rows]
    values = [row.parameters.get(key) for row in rows]
    kinds = {type(value) for value, there in zip(values, asked, strict=True) if there}
    natural = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}
    kind = next(iter(kinds)) if len(kinds) == 1 else float if kinds == {int, float} else None
    small = all(not isinstance(value, int) or abs(value) < 2**53 for value in values)
    if kind in natural and small:
        numbers = [float(value) if kind is float and value is not None else value for value in values]
        return pa.field(_PARAMETER + key, natural[kind]), pa.array(numbers, natural[kind])
    words = [_word(value) if there else None for value, there in zip(values, asked, strict=True)]
    return pa.field(_PARAMETER + key, pa.string(), metadata=_WORDS), pa.array(words, pa.string())


def _word(value: Scalar) -> str:
    """A value as text that `_value` reads back: relu, 3, 0.5, true, null; quoted where a word looks like those."""
    return value if isinstance(value, str) and _value(value) == value else json.dumps(value)


def _value(word: str) -> Scalar:
    try:
        return json.loads(word)
    except ValueError:
        return word


def read_trials(path: Path) -> list[TrialRow]:
    """The rows of a trials.parquet.

    Raises:
        UserError: if there is no such file, or it is another kind of file.
    """
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        table = parquet.read_table(path)
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file") from None
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path}: not a table of trials ({str(error).splitlines()[0]})") from None
    missing = [name for name in (*_BEFORE, *_AFTER) if name not in table.column_names]
    if missing:
        raise UserError(f"{path}: not a table of trials (it has no column {missing[0]!r})")
    settings = [name for name in table.column_names if name.startswith(_PARAMETER)]
    mixed = {name for name in settings if _WORDS.items() <= (table.schema.field(name).metadata or {}).items()}
    metrics = [name for name in table.column_names if name not in {*_BEFORE, *_AFTER, *_LATER, *settings}]
    return [_from_plain(plain, settings, mixed, metrics) for plain in table.to_pylist()]


def _from_plain(
    plain: dict[str, Any], settings: Sequence[str], mixed: set[str], metrics: Sequence[str]
) -> TrialRow:
    chosen = [name for name in settings if plain[name] is not None]
    return TrialRow(
        arm=plain["arm"],
        number=plain["number"],
        state=plain["state"],
        parameters={
            name.removeprefix(_PARAMETER): _value(plain[name]) if name in mixed else plain[name]
            for name in chosen
        },
        values=() if plain["state"] in _OPEN else tuple(plain[metric] for metric in metrics),
        epochs=plain["epochs"],
        seconds=plain["seconds"],
        reason=plain["reason"],
        retry_of=plain["retry_of"],
        machine=plain["machine"],
        slot=plain.get("slot"),
        spared_at=plain.get("spared_at"),
    )
