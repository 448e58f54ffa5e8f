"""What a comparison leaves behind comes back as it was written, and the register knows a test part by its content."""

import dataclasses
from pathlib import Path

from seqlab import files
from seqlab.replication import (
    Chosen,
    Plan,
    PrimaryContrast,
    RegisterRow,
    Width,
    arm_and_tuning,
    read_plan,
    read_selection,
    readings,
    register_of,
    study_name,
    write_selection,
)


def test_a_plan_comes_back(tmp_path: Path):
    plan = Plan(
        arms={"lstm": ["model=lstm"], 'odd "name"': ["model=gru", "model.hidden_size=7"]},
        words={"lstm": "LSTM, 1 layer"},
        contrasts=[
            PrimaryContrast(name="a cell", arm='odd "name"', than="lstm", differs="model.cell: gru and lstm")
        ],
        widths=[Width(arm="lstm", hidden_size=64, cost=20553.0, target=20553.0)],
    )
    assert read_plan(tmp_path) is None
    plan.write(tmp_path)
    assert read_plan(tmp_path) == plan


def test_a_selection_comes_back_also_where_a_run_diverged(tmp_path: Path):
    chosen = Chosen(
        arm="lstm",
        tuning=0,
        trial=3,
        parameters={"optimizer.lr": 0.01},
        epochs=17,
        reruns=[0.9, None, 0.8],
        candidates={"3": [0.9, None, 0.8]},
        best_of=10,
        best_value=0.95,
    )
    assert read_selection(tmp_path) == ([], {})
    write_selection(tmp_path, [chosen], {"gru": "none of its trials came to an end"})
    assert read_selection(tmp_path) == ([chosen], {"gru": "none of its trials came to an end"})


def test_repetitions_of_a_tuning_have_names_of_their_own():
    names = [study_name("lstm", n) for n in range(3)]
    assert names[0] == "lstm" and len(set(names)) == 3
    assert [arm_and_tuning(name) for name in names] == [("lstm", 0), ("lstm", 1), ("lstm", 2)]


def test_the_register_lies_beside_all_runs(tmp_path: Path):
    runs = tmp_path / "runs"
    assert register_of(runs / "sweeps" / "mine").parent == runs
    assert register_of(runs / "2026" / "a" / "b").parent == runs
    assert register_of(tmp_path / "elsewhere" / "mine").parent == tmp_path / "elsewhere"


def test_a_test_part_is_known_by_its_content(tmp_path: Path):
    register = tmp_path / "register.jsonl"
    rows = [
        RegisterRow(
            content=content, dataset="A", when="2026-01-01T00:00:00+00:00", who=who, what="10 replicates"
        )
        for content, who in (("x", "one"), ("y", "two"), ("x", "three"))
    ]
    assert readings(register, "x") == []
    for row in rows:
        files.append_row(register, dataclasses.asdict(row))
    with register.open("a") as stream:
        stream.write('{"content": "x", "data')  # torn by a kill
    assert [row.who for row in readings(register, "x")] == ["one", "three"]
