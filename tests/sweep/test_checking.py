"""The space tried out: every end, every choice, random points, constraints; and what must be there to begin."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from seqlab import paths
from seqlab.errors import UserError
from seqlab.sweep import checking
from seqlab.sweep.arms import compose_arms
from seqlab.sweep.checking import check_sweep_space, sample_points
from seqlab.sweep.loading import load_sweep

SEED = {"seed": {"type": "int", "low": 0, "high": 9}}
LAYERS = {"model.num_layers": {"type": "int", "low": 1, "high": 3}}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(paths, "local_conf_dirs", list)


def check(space: dict[str, Any], *words: str, **more: Any) -> None:
    Path("own.yaml").write_text(yaml.safe_dump({"space": space, **more}), encoding="utf-8")
    sweep = load_sweep(["sweep=own.yaml", *words], None, [])
    check_sweep_space(sweep, compose_arms(sweep))


def refused(space: dict[str, Any], *words: str, **more: Any) -> str:
    with pytest.raises(UserError) as caught:
        check(space, *words, **more)
    assert len(str(caught.value).splitlines()) <= 3
    return str(caught.value)


@pytest.mark.parametrize(
    ("space", "hints"),
    [
        ({"model.dropout": {"low": 0, "high": 1}}, ["space.model.dropout: 1.0 is not allowed", "below 1"]),
        ({"model.dropout": {"low": -0.1, "high": 0.5}}, ["space.model.dropout: -0.1", "at least 0"]),
        ({"model.num_layers": {"low": 1, "high": 3}}, ["space.model.num_layers", "an integer"]),
        ({"model.bidirectional": {"type": "int", "low": 0, "high": 1}}, ["true or false"]),
        (
            {"model.cell": {"type": "categorical", "choices": ["lstm", "gruu"]}},
            ["space.model.cell: 'gruu'", "did you mean: gru"],
        ),
        ({"seed": {"type": "int", "low": 0, "high": 2**33}}, ["space.seed", "4294967295"]),
        (
            {
                "model": {"type": "categorical", "choices": ["order_free", "lstm"]},
                "model.bidirectional": {"type": "categorical", "choices": [True, False]},
            },
            ["space.model.bidirectional", "with model=order_free", "when: "],
        ),
        (
            {**LAYERS, "model.dropout": {"low": 0, "high": 1, "when": "model.num_layers == 3"}},
            ["space.model.dropout: 1.0"],
        ),
        (
            {**LAYERS, "model.dropout": {"low": 0, "high": 0.5, "when": "model.num_layers > 3"}},
            ["space.model.dropout.when", "holds at none of 1,000 points"],
        ),
        (
            {**LAYERS, "model.dropout": {"low": 0, "high": 0.5, "when": "model.cell > 3"}},
            ["model.cell > 3: 'lstm' has no order"],
        ),
    ],
)
def test_a_parameter_that_does_not_fit_is_named(space: dict[str, Any], hints: list[str]):
    message = refused(space)
    assert all(hint in message for hint in hints), message


def test_a_condition_may_hold_in_some_arms_only():
    space = {**SEED, "model.dropout": {"low": 0, "high": 0.5, "when": "model.num_layers > 1"}}
    arms = {"one": ["model.num_layers=1"], "two": ["model.num_layers=2"]}
    check(space, arms=arms)
    assert "holds at none" in refused(space, arms={"one": arms["one"]})


def test_a_setting_that_one_arm_lacks_is_refused_there():
    space = {"model.forget_bias": {"low": 0, "high": 1}}
    message = refused(space, arms={"lstm": ["model=lstm"], "pooled": ["model=order_free"]})
    assert "space.model.forget_bias: there is no such setting with pooled" in message


@pytest.mark.parametrize(
    ("constraints", "hint"),
    [
        (["model.num_layers > 3"], "none of 1,000 points meets 'model.num_layers > 3'"),
        (
            ["model.num_layers > 2", "model.num_layers < 2"],
            "'model.num_layers < 2' together with those before it",
        ),
        (["model.cell > 1"], "has no order"),
    ],
)
def test_constraints_that_nothing_meets(constraints: list[str], hint: str):
    assert hint in refused(LAYERS, constraints=constraints)


def test_constraints_that_one_arm_cannot_meet_name_it():
    arms = {"small": ["model.hidden_size=8"], "large": ["model.hidden_size=512"]}
    message = refused(SEED, arms=arms, constraints=["model.hidden_size <= 64"])
    assert "points of arm large" in message


@pytest.mark.parametrize(
    ("words", "hints"),
    [
        (["data.validation_fraction=0"], ["data.validation_fraction", "trial.folds"]),
        (["data.folds=4", "trial.folds=5"], ["data.folds: 4", "trial.folds=5"]),
        (["trial.fold_repeats=2"], ["trial.fold_repeats: 2", "folds"]),
        (["trial.folds=0"], ["trial.folds: 0", "at least 1"]),
        (["trial.folds=1", "trial.fold_repeats=2"], ["trial.fold_repeats: 2", "folds"]),
    ],
)
def test_trials_need_something_that_validates_them(words: list[str], hints: list[str]):
    said = refused(SEED, *words)
    assert all(hint in said for hint in hints), said
    check(SEED, "data.validation_fraction=0", "trial.folds=5", "trial.fold_repeats=2")
    check(SEED, "data.validation_fraction=0", "data.folds=5")


def test_a_search_over_the_validation_part_may_not_take_it_away():
    space = {"data.validation_fraction": {"low": 0, "high": 0.5}}
    assert "data.validation_fraction: 0 is not allowed" in refused(space)
    assert "early_stopping" in refused({**SEED}, "data.validation_fraction=0", "trainer.early_stopping=3")


def test_constraints_on_costs_are_left_to_the_workers():
    check(
        LAYERS,
        constraints=["model.num_layers > 2", "cost.parameters <= 1", "model.cell == rnn or cost.flops < 0"],
    )


def test_what_is_needed_to_begin(monkeypatch: pytest.MonkeyPatch):
    assert "no arrays" in refused(SEED, "data=memory")
    assert "nowhere" in refused(SEED, "init_from=nowhere")
    looked_for: list[str] = []
    monkeypatch.setattr(checking, "check_parts", lambda experiment: looked_for.append(experiment.data.name))
    check({**SEED, "data.name": {"type": "categorical", "choices": ["A", "B"]}})
    assert sorted(looked_for) == ["A", "B"]


def test_points_are_the_same_for_the_same_seed_and_dealt_out_in_turn():
    Path("own.yaml").write_text(yaml.safe_dump({"space": LAYERS, "arms": {"a": ["seed=1"], "b": []}}))
    arms = compose_arms(load_sweep(["sweep=own.yaml"], None, []))
    points = sample_points(arms, 10)
    assert [arm.name for arm, _ in points] == ["a", "b"] * 5
    assert [values for _, values in points] == [values for _, values in sample_points(arms, 10)]
    assert [values for _, values in points] != [values for _, values in sample_points(arms, 10, seed=1)]
    assert len(sample_points(arms)) == 1000


@pytest.mark.parametrize("name", ["median", "halving", "hyperband"])
def test_a_pruner_that_could_never_end_a_trial_is_refused(name: str):
    words = f"pruner={name}", "pruner.warmup_epochs=5", "trainer.max_epochs=5"
    said = refused(SEED, *words)
    assert "pruner.warmup_epochs: 5" in said and f"{name} would never end one" in said and "below 5" in said
    assert "pruner=none" in refused(SEED, f"pruner={name}", "trainer.max_epochs=1")
    check(SEED, f"pruner={name}", "pruner.warmup_epochs=5", "trainer.max_epochs=6")
    check(SEED, *words, trial={"folds": 3})  # folds are judged, not epochs
    epochs = {"trainer.max_epochs": {"type": "categorical", "choices": [40, 5]}}
    check({**SEED, **epochs}, f"pruner={name}", "pruner.warmup_epochs=5")  # the longest counts
