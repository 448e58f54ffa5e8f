"""Conditions: the grammar, the values of literals, what holds, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.config.sweep import SweepConfig
from seqlab.errors import UserError
from seqlab.sweep.conditions import constraints_of, parse

SETTINGS = {
    "model.num_layers": 3,
    "model.cell": "lstm",
    "model.bidirectional": True,
    "model.forget_bias": None,
    "optimizer.lr": 0.001,
    "data.name": "123",
    "trainer.precision": "32-true",
}


def holds(text: str) -> bool:
    return parse(text).holds(SETTINGS.__getitem__)


@pytest.mark.parametrize(
    "text",
    [
        "model.num_layers == 3",
        "model.num_layers == 3.0",
        "model.num_layers != 2",
        "model.num_layers>2",
        "model.num_layers >= 3 and model.num_layers <= 3",
        "optimizer.lr == 1e-3",
        "optimizer.lr < 2e-3",
        "model.cell == lstm",
        "model.cell == 'lstm'",
        'model.cell != "gru"',
        "model.bidirectional == true",
        "model.forget_bias == null",
        "data.name == 123",
        "trainer.precision == 32-true",
        "model.cell == gru or model.num_layers > 1",
        "(model.cell == gru or model.num_layers > 1) and model.bidirectional == true",
        "model.cell == lstm or model.cell == gru and model.num_layers > 9",
        "((model.num_layers > 1))",
    ],
)
def test_it_holds(text: str):
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "model.num_layers < 3",
        "model.cell == 'lstm '",
        "model.bidirectional == 1",
        "model.bidirectional != true",
        "model.forget_bias > 0",
        "model.forget_bias < 1",
        "model.num_layers == three",
        "(model.cell == lstm or model.cell == gru) and model.num_layers > 9",
        "data.nothing == 1",
        "data.nothing != 1",
    ],
)
def test_it_does_not_hold(text: str):
    assert not holds(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "it is empty"),
        ("model.cell", "ends too early"),
        ("model.cell == ", "ends too early"),
        ("model.cell = lstm", "did you mean =="),
        ("model.cell is lstm", "'is' stands where"),
        ("model.cell > lstm", "> wants a number"),
        ("model.cell == lstm model.num_layers > 1", "'model.num_layers' is out of place"),
        ("1 < model.num_layers", "'1' is not a setting"),
        ("1 < model.num_layers < 3", "'1' is not a setting"),
        ("model.num_layers > 1 > 0", "out of place"),
        ("model.num_layers > 1 and", "ends too early"),
        ("model.num_layers > 1 and or model.cell == gru", "'or'"),
        ("model.cell == and", "'and' stands where a value must"),
        ("(model.cell == lstm", "not closed"),
        ("model.cell == lstm)", "')' is out of place"),
        ("model.cell == 'lstm", "stands where a value must"),
        ("__import__('os').system('true') == 0", "stands where one of"),
        ("not model.cell == lstm", "'not' is not a setting"),
    ],
)
def test_anything_else_is_refused(text: str, hint: str):
    with pytest.raises(UserError) as caught:
        parse(text)
    assert hint in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 3


@given(st.text())
def test_any_text_is_read_or_refused(text: str):
    try:
        parse(text).holds(SETTINGS.__getitem__)
    except UserError as error:
        assert str(error)


@pytest.mark.parametrize("text", ["model.cell > 3", "model.bidirectional < 2"])
def test_what_has_no_order_says_so(text: str):
    with pytest.raises(UserError, match="has no order"):
        holds(text)


def test_every_key_is_named_once():
    assert parse("a.b > 1 and (c == 2 or a.b < 3)").keys == ("a.b", "c")


def test_constraints_are_read_together():
    config = SweepConfig.__new__(SweepConfig)
    config.constraints = ["a > 1", "cost.parameters <= 200000"]
    assert [c.keys for c in constraints_of(config)] == [("a",), ("cost.parameters",)]
    config.constraints = ["a >"]
    with pytest.raises(UserError, match=r"^constraints: "):
        constraints_of(config)
