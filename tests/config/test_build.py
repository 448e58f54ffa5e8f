"""Dictionaries, lists of mappings and lists of values in typed settings: closed, with full keys and near words."""

import pytest

from seqlab.config.build import all_keys, build, leaves, to_plain, value_at, with_values
from seqlab.config.sweep import ObjectiveConfig, SweepConfig
from seqlab.errors import ConfigError

PLAIN = {
    "question": "?",
    "fixed": ["seed=1"],
    "space": {
        "model.num_layers": {"type": "int", "low": 1, "high": 3},
        "seed": {"choices": [1, None, "a", True]},
    },
    "arms": {"a": ["model=gru"], "b": []},
    "objective": {"metric": "validation.loss"},
    "sampler": {"name": "random"},
}


def test_it_is_built_and_goes_back():
    config = build(SweepConfig, PLAIN)
    assert config.space["model.num_layers"].high == 3.0
    assert config.space["seed"].choices == [1, None, "a", True]
    assert config.arms == {"a": ["model=gru"], "b": []}
    assert config.objective == [ObjectiveConfig(metric="validation.loss")]
    assert build(SweepConfig, to_plain(config)) == config
    assert build(SweepConfig, {}).objective == [ObjectiveConfig()]
    assert {"budget.trials", "pruner.warmup_epochs", "workers"} <= set(all_keys(config))


@pytest.mark.parametrize(
    ("key", "value", "hints"),
    [
        ("buget", {}, ["buget", "did you mean: budget"]),
        ("budget.trails", 3, ["budget.trails", "did you mean: budget.trials"]),
        ("budget.trials", 0, ["budget.trials", "at least 1"]),
        ("space", [], ["space", "a mapping of names to mappings"]),
        ("space", {"model.num_layers": 3}, ["space.model.num_layers", "a mapping of keys to values"]),
        ("space", {"a.b": {"lo": 3}}, ["space.a.b.lo", "did you mean: space.a.b.low"]),
        ("space", {"a.b": {"type": "integer"}}, ["space.a.b.type", "did you mean: int"]),
        ("space", {"a.b": {"low": "x"}}, ["space.a.b.low", "a number, or null"]),
        ("space", {"a.b": {"choices": [[1]]}}, ["space.a.b.choices", "a list, such as"]),
        ("space", {"a.b": {"choices": [float("nan")]}}, ["space.a.b.choices"]),
        ("space", {"a.b": {"choices": "lstm"}}, ["space.a.b.choices"]),
        ("arms", {"a": None}, ["arms.a", "a list of words"]),
        ("arms", {"a": [{"model.num_layers": 2}]}, ["arms.a", "a list of words"]),
        ("arms", ["a"], ["arms", "a mapping of names to lists"]),
        ("objective", [{"metrc": "x"}], ["objective.0.metrc", "did you mean: objective.0.metric"]),
        ("objective", 3, ["objective", "a mapping of keys to values, or a list"]),
        ("objective", [3], ["objective.0", "a mapping"]),
        ("fixed", "seed=1", ["fixed", "a list of words"]),
        ("sampler.name", "tpee", ["sampler.name", "did you mean: tpe"]),
    ],
)
def test_what_does_not_fit_is_named_in_full(key: str, value: object, hints: list[str]):
    with pytest.raises(ConfigError) as caught:
        build(SweepConfig, with_values({}, {key: value}))
    assert str(caught.value).startswith(f"{hints[0]}: ")
    assert all(hint in str(caught.value) for hint in hints)
    assert len(str(caught.value).splitlines()) <= 3


def test_several_objectives_cannot_be_pruned():
    objectives = [{"metric": "validation.loss"}, {"metric": "cost.flops"}]
    with pytest.raises(ConfigError, match=r"pruner\.name"):
        build(SweepConfig, {"objective": objectives, "pruner": {"name": "median"}})
    assert len(build(SweepConfig, {"objective": objectives}).objective) == 2


def test_values_are_set_in_a_copy():
    plain = {"a": {"b": 1}, "c": 2}
    changed = with_values(plain, {"a.b": 3, "d.e": 4})
    assert plain == {"a": {"b": 1}, "c": 2}
    assert changed == {"a": {"b": 3}, "c": 2, "d": {"e": 4}}
    assert leaves(changed) == {"a.b": 3, "c": 2, "d.e": 4}
    assert value_at(changed, "d.e") == 4
    for key in ("a.x", "c.x", "x"):
        with pytest.raises(KeyError):
            value_at(changed, key)
