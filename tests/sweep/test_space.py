"""The space: sense of ranges and choices, order of conditions, and values that are drawn from it."""

import math
import random
from typing import Any

import pytest

from seqlab.config.build import build
from seqlab.config.sweep import SweepConfig
from seqlab.errors import UserError
from seqlab.sweep.space import Space


def space_of(**space: Any) -> Space:
    return Space.of(
        build(SweepConfig, {"space": {key.replace("__", "."): value for key, value in space.items()}})
    )


def order(**space: Any) -> list[str]:
    return [parameter.key for parameter in space_of(**space).parameters]


def number(when: str | None = None) -> dict[str, Any]:
    return {"type": "int", "low": 1, "high": 3, "when": when}


def test_numbers_come_in_the_type_that_they_are_asked_for():
    whole, real, stepped = space_of(
        model__num_layers=number(),
        optimizer__lr={"low": 1e-4, "high": 1e-1, "log": True},
        model__dropout={"low": 0, "high": 0.5, "step": 0.2},
    ).parameters
    assert (whole.low, whole.high, whole.step) == (1, 3, 1)
    assert all(type(end) is int for end in whole.ends())
    assert real.ends() == (1e-4, 1e-1) and real.step is None
    assert stepped.ends() == (0.0, 0.4)
    assert whole.in_words() == "1 to 3"
    assert real.in_words() == "0.0001 to 0.1 (log)"
    assert stepped.in_words() == "0 to 0.4 in steps of 0.2"


@pytest.mark.parametrize(
    ("low", "high", "step", "last"), [(0.1, 0.3, 0.1, 0.3), (0, 1, 0.3, 0.9), (1, 8, 3, 7), (2, 2, 5, 2)]
)
def test_the_last_value_is_one_that_steps_reach(low: float, high: float, step: float, last: float):
    (parameter,) = space_of(optimizer__lr={"low": low, "high": high, "step": step}).parameters
    assert parameter.high == last


@pytest.mark.parametrize(
    ("values", "hint"),
    [
        ({}, "x.low: None is not allowed"),
        ({"low": 1}, "x.high"),
        ({"low": 2, "high": 1}, "x.high: 1.0 is not allowed\nallowed: a number at least 2"),
        ({"low": 0, "high": 1, "log": True}, "above 0"),
        ({"low": 1, "high": 2, "log": True, "step": 1}, "has no steps"),
        ({"type": "int", "low": 1, "high": 2.5}, "a whole number"),
        ({"type": "int", "low": 0.5, "high": 2}, "x.low"),
        ({"type": "int", "low": 1, "high": 5, "step": 0.5}, "x.step"),
        ({"low": 1, "high": 2, "choices": [1]}, "did you mean: categorical"),
        ({"choices": [1]}, "did you mean: categorical"),
        ({"type": "categorical"}, "at least one value"),
        ({"type": "categorical", "choices": [1, 1]}, "every value once"),
        ({"type": "categorical", "choices": [1, True]}, "every value once"),
        ({"type": "categorical", "choices": ["${seed}"]}, "not interpolations"),
        ({"type": "categorical", "choices": [1], "low": 1}, "x.low"),
        ({"type": "categorical", "choices": [1], "log": True}, "x.log"),
        ({"low": 1, "high": 2, "when": "a ="}, "x.when"),
    ],
)
def test_values_that_make_no_sense(values: dict[str, Any], hint: str):
    with pytest.raises(UserError) as caught:
        space_of(model__x=values)
    assert str(caught.value).startswith("space.model.x")
    assert hint in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 3


@pytest.mark.parametrize(
    "key",
    ["evaluate_test", "force", "name", "plugins", "init_from", "logger", "logger.name", "hydra.run.dir"],
)
def test_a_runs_identity_is_not_searched(key: str):
    with pytest.raises(UserError, match="cannot be searched"):
        space_of(**{key.replace(".", "__"): {"type": "categorical", "choices": ["a"]}})


def test_kinds_come_with_their_group():
    with pytest.raises(UserError, match=r"did you mean: space\.model"):
        space_of(model__kind={"type": "categorical", "choices": ["order_free"]})


def test_groups_have_choices():
    with pytest.raises(UserError, match="chosen among files"):
        space_of(model=number())
    with pytest.raises(UserError, match="names of the choices"):
        space_of(model={"type": "categorical", "choices": [None]})


def test_nothing_to_search():
    with pytest.raises(UserError, match="nothing to search"):
        space_of()


def test_conditions_come_after_what_they_ask_for_and_the_rest_stays():
    assert order(
        model__dropout=number("model.num_layers > 1 and model.cell == lstm"),
        seed=number(),
        model__cell={"type": "categorical", "choices": ["lstm"], "when": "seed > 1"},
        model__num_layers=number(),
    ) == ["seed", "model.cell", "model.num_layers", "model.dropout"]


def test_groups_come_first_where_they_can():
    assert order(
        seed=number(),
        optimizer__momentum=number("optimizer.name == sgd"),
        optimizer={"type": "categorical", "choices": ["sgd", "adamw"]},
        scheduler={"type": "categorical", "choices": ["cosine"], "when": "seed > 1"},
    ) == ["optimizer", "seed", "optimizer.momentum", "scheduler"]


@pytest.mark.parametrize(
    "space",
    [
        {"a": number("b > 1"), "b": number("a > 1")},
        {"a": number("c > 1"), "b": number("a > 1"), "c": number("b > 1"), "d": number()},
        {"a": number("a > 1")},
        {"model": {"type": "categorical", "choices": ["lstm"], "when": "model.num_layers > 1"}},
    ],
)
def test_conditions_that_wait_for_each_other(space: dict[str, Any]):
    with pytest.raises(UserError, match=r"wait for each other|asks for itself") as caught:
        space_of(**space)
    assert "space.d" not in str(caught.value)


def test_drawn_values_are_of_the_space_and_reach_all_of_it():
    rng = random.Random(0)
    whole, wide, real, stepped, words = space_of(
        a=number(),
        b={"type": "int", "low": 1, "high": 1000, "log": True},
        c={"low": 1e-4, "high": 1e-1, "log": True},
        d={"low": 0, "high": 0.5, "step": 0.2},
        e={"type": "categorical", "choices": ["x", None, True, 3]},
    ).parameters
    draws = {p.key: [p.draw(rng) for _ in range(2000)] for p in (whole, wide, real, stepped, words)}
    assert set(draws["a"]) == {1, 2, 3}
    assert all(isinstance(value, int) and 1 <= value <= 1000 for value in draws["b"])
    assert all(isinstance(value, float) and 1e-4 <= value <= 1e-1 for value in draws["c"])
    assert {round(value, 9) for value in draws["d"]} == {0.0, 0.2, 0.4}
    assert set(draws["e"]) == {"x", None, True, 3}
    # half of the draws lie below the middle of the logarithm
    for key, middle in (("b", math.sqrt(1000)), ("c", math.sqrt(1e-5))):
        assert 0.45 < sum(value < middle for value in draws[key]) / 2000 < 0.55
