"""Rows out of a study, into a file and back."""

import math
import re
from pathlib import Path
from typing import get_args

import optuna
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from seqlab.errors import UserError
from seqlab.results import TrialRow
from seqlab.results import TrialState as State
from seqlab.sweep.rows import read_trials, trial_rows, write_trials

SPACE = {
    "optimizer.lr": FloatDistribution(1e-4, 1e-1, log=True),
    "model.num_layers": IntDistribution(1, 3),
    "model.cell": CategoricalDistribution(["lstm", "gru"]),
}
POINT = {"optimizer.lr": 0.01, "model.num_layers": 2, "model.cell": "gru"}


def trial(ended: TrialState, values: list[float] | None = None, reports: int = 0, /, **own):
    return create_trial(
        state=ended,
        values=values,
        params=POINT,
        distributions=SPACE,
        user_attrs={"seqlab": own} if own else {},
        intermediate_values=dict.fromkeys(range(1, reports + 1), 0.5),
    )


def rows_of(*trials: optuna.trial.FrozenTrial, directions: tuple[str, ...] = ("maximize",)) -> list[TrialRow]:
    study = optuna.create_study(directions=list(directions))
    for one in trials:
        study.add_trial(one)
    return trial_rows(study, "lstm-2")


def test_a_row_says_what_became_of_a_trial():
    rows = rows_of(
        trial(
            TrialState.COMPLETE, [0.9], state="complete", reason=None, epochs=7, seconds=3.5, retry_of=None
        ),
        trial(
            TrialState.COMPLETE, [-math.inf], state="diverged", reason="loss is NaN", epochs=2, seconds=1.0
        ),
        trial(TrialState.PRUNED, [0.4], state="pruned", reason="median", epochs=3, seconds=1.5, slot=8),
        trial(TrialState.PRUNED, None, state="infeasible", reason="cost.parameters", epochs=0, seconds=0.0),
        trial(TrialState.FAIL, None, state="failed", reason="killed", epochs=1, seconds=9.0, retry_of=0),
    )
    assert [row.number for row in rows] == [0, 1, 2, 3, 4]
    assert [row.state for row in rows] == ["complete", "diverged", "pruned", "infeasible", "failed"]
    assert [row.values for row in rows] == [(0.9,), (None,), (0.4,), (None,), (None,)]
    assert [row.reason for row in rows] == [None, "loss is NaN", "median", "cost.parameters", "killed"]
    assert [(row.epochs, row.seconds, row.retry_of) for row in (rows[0], rows[4])] == [
        (7, 3.5, None),
        (1, 9.0, 0),
    ]
    assert [row.slot for row in rows] == [None, None, 8, None, None]
    assert all(row.arm == "lstm-2" and row.parameters == POINT for row in rows)


def test_a_trial_without_our_own_word_still_has_a_row():
    rows = rows_of(
        trial(TrialState.RUNNING, None, 4),
        trial(TrialState.FAIL, None, 5),
        trial(TrialState.COMPLETE, [0.8], 6),
        trial(TrialState.COMPLETE, [math.inf]),
        trial(TrialState.PRUNED, [0.3]),
        trial(TrialState.WAITING),
    )
    assert [row.state for row in rows] == ["running", "failed", "complete", "diverged", "pruned", "waiting"]
    assert [row.epochs for row in rows[:3]] == [4, 5, 6]
    assert rows[0].values == () and rows[5].values == ()
    assert rows[1].reason is not None and "lost" in rows[1].reason
    assert rows[3].values == (None,)
    assert all(row.seconds >= 0 for row in rows)


def test_the_studys_state_overtakes_a_word_that_was_written_before_it():
    rows = rows_of(
        trial(TrialState.RUNNING, state="complete", epochs=3, seconds=1.0),  # died before the value was told
        trial(TrialState.FAIL, state="running", epochs=3, seconds=1.0),  # found dead
    )
    assert [row.state for row in rows] == ["running", "failed"]


def test_several_objectives_keep_their_order():
    (row,) = rows_of(
        trial(TrialState.COMPLETE, [0.9, math.inf], state="complete"), directions=("maximize", "minimize")
    )
    assert row.values == (0.9, None)


def row(number: int, state: str = "complete", **more) -> TrialRow:
    plain = {"arm": "a", "parameters": {}, "values": () if state == "running" else (0.5,)}
    return TrialRow(number=number, state=state, **(plain | more))


ROUND = [
    row(
        0,
        parameters={"optimizer.lr": 0.1, "model.num_layers": 1, "model.bidirectional": True, "model.x": "3"},
    ),
    row(1, parameters={"optimizer.lr": 1e-4, "model.num_layers": 2, "model.x": 3}, values=(None,)),
    row(2, arm="b", parameters={"model.x": None, "model.num_layers": 3}, reason="a [reason]\nin two lines"),
    row(3, arm="b", parameters={"model.x": "relu"}, state="running"),
    row(4, arm="b", parameters={"model.x": True}, epochs=3, seconds=1.25, retry_of=2, state="failed"),
    row(5, arm="b", parameters={"model.x": 0.5}, machine="node7", slot=3, spared_at=12),
    row(6, arm="b", parameters={"model.x": "null"}),
]


def test_rows_survive_the_file_whatever_the_types_of_a_setting(tmp_path: Path):
    path = tmp_path / "trials.parquet"
    write_trials(path, ROUND, ["validation.accuracy"])
    back = read_trials(path)
    assert back == ROUND
    for one, other in zip(back, ROUND, strict=True):
        kinds = {key: type(value) for key, value in other.parameters.items()}
        assert {key: type(value) for key, value in one.parameters.items()} == kinds
    assert [p.name for p in tmp_path.iterdir()] == ["trials.parquet"]


def test_columns_have_natural_types_where_they_can(tmp_path: Path):
    write_trials(tmp_path / "t.parquet", ROUND, ["validation.accuracy"])
    table = parquet.read_table(tmp_path / "t.parquet")
    assert table.column_names == [
        *("arm", "number", "state"),
        *("params.optimizer.lr", "params.model.num_layers", "params.model.bidirectional", "params.model.x"),
        *("validation.accuracy", "epochs", "seconds", "reason", "retry_of", "machine"),
        *("slot", "spared_at"),
    ]
    kinds = {name: table.schema.field(name).type for name in table.column_names}
    assert kinds["params.optimizer.lr"] == pa.float64()
    assert kinds["params.model.num_layers"] == pa.int64()
    assert kinds["params.model.bidirectional"] == pa.bool_()
    assert table["params.model.x"].to_pylist() == ['"3"', "3", "null", "relu", "true", "0.5", '"null"']


def test_a_table_from_before_there_were_slots_is_read(tmp_path: Path):
    path = tmp_path / "t.parquet"
    write_trials(path, ROUND, ["validation.accuracy"])
    parquet.write_table(parquet.read_table(path).drop_columns(["slot", "spared_at"]), path)
    back = read_trials(path)
    assert [one.values for one in back] == [other.values for other in ROUND]
    assert {(one.slot, one.spared_at) for one in back} == {(None, None)}


def test_no_trials_yet(tmp_path: Path):
    write_trials(tmp_path / "t.parquet", [], ["validation.loss"])
    assert read_trials(tmp_path / "t.parquet") == []


def test_what_is_no_table_of_trials_is_refused(tmp_path: Path):
    (tmp_path / "text.parquet").write_text("hello")
    parquet.write_table(pa.table({"id": [1]}), tmp_path / "other.parquet")
    for name, words in (("none", "no such file"), ("text", "not a table"), ("other", "no column 'arm'")):
        with pytest.raises(UserError, match=words) as caught:
            read_trials(tmp_path / f"{name}.parquet")
        assert len(str(caught.value).splitlines()) == 1


def test_every_column_and_state_is_described(tmp_path: Path):
    document = (Path(__file__).parents[2] / "docs" / "sweep-directory.md").read_text(encoding="utf-8")
    described = re.findall(r"^\| `([^`]+)` \|", document, re.MULTILINE)
    write_trials(tmp_path / "t.parquet", ROUND, ["validation.accuracy"])
    names = parquet.read_table(tmp_path / "t.parquet").column_names
    plain = [name for name in names if not name.startswith(("params.", "validation."))]
    assert {*plain, "params.<setting>", "<objective>", *get_args(State)} <= set(described)
