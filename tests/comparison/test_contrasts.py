"""A comparison is held to its rules before anything is written."""

from collections.abc import Callable
from typing import Any

import pytest

from seqlab.comparison.contrasts import check_protocol
from seqlab.errors import UserError

FILE = """\
    arms:
      lstm: [model=lstm]
      stacked: [model=lstm_stacked]
      bilstm: [model=bilstm]
      both: [model=bilstm_stacked]
    space:
      optimizer.lr: {low: 1e-4, high: 1e-1, log: true}
"""


def protocol(**settings: Any) -> str:
    lines = [f"      {key}: {value}" for key, value in settings.items()]
    return FILE + "\n".join(["    protocol:", *lines]) + "\n"


def test_a_contrast_names_the_one_thing_in_which_its_arms_differ(composed: Callable[..., Any]):
    found = check_protocol(
        *composed(protocol(contrasts="{depth: [stacked, lstm], direction: [both, stacked]}"))
    )
    assert [(c.name, c.arm, c.than) for c in found] == [
        ("depth", "stacked", "lstm"),
        ("direction", "both", "stacked"),
    ]
    assert found[0].differs == "model.num_layers: 2 and 1"
    assert found[1].differs == "model.bidirectional: True and False"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"contrasts": "{x: [both, lstm]}"}, ["differ in more than one thing", "model.num_layers", "bidirectional"]),
        ({"contrasts": "{x: [stackd, lstm]}"}, ["stackd", "did you mean", "stacked"]),
        ({"contrasts": "{x: [lstm, lstm]}"}, ["two different arms"]),
        ({"contrasts": "{x: [lstm]}"}, ["two names of arms"]),
        ({"contrasts": "{x: [stacked, lstm]}", "reference": "lst"}, ["protocol.reference", "lstm"]),
        ({"contrasts": "{x: [stacked, lstm]}", "width": "tuned_under_cap"}, ["model.hidden_size in space"]),
        (
            {"contrasts": "{a: [stacked, lstm], b: [bilstm, lstm], c: [both, bilstm], d: [both, stacked], "
             "e: [lstm, bilstm]}"},
            ["at most 4"],
        ),
        ({"contrasts": "{x: [stacked, lstm]}", "replicates": "[10, 5]"}, ["numbers that grow"]),
        ({"contrasts": "{x: [stacked, lstm]}", "margin": "5"}, ["protocol.margin", "below 1"]),
    ],
)  # fmt: skip
def test_a_rule_that_is_broken_is_named(
    composed: Callable[..., Any], settings: dict[str, str], words: list[str]
):
    with pytest.raises(UserError) as caught:
        check_protocol(*composed(protocol(**settings)))
    text = str(caught.value)
    assert all(word in text for word in words), text
    assert len(text.splitlines()) <= 3


def test_width_is_searched_under_a_cap_or_not_at_all(composed: Callable[..., Any]):
    searched = FILE + "      model.hidden_size: {type: int, low: 8, high: 64}\n"
    capped = searched + "    constraints: [cost.parameters <= 20000]\n"
    contrast = "    protocol: {contrasts: {depth: [stacked, lstm]}, width: %s}\n"
    assert check_protocol(*composed(capped + contrast % "tuned_under_cap"))
    for file, mode in ((searched, "tuned_under_cap"), (capped, "compared"), (capped, "solved")):
        with pytest.raises(UserError, match=r"protocol\.width"):
            check_protocol(*composed(file + contrast % mode))


def test_a_width_is_not_solved_where_it_is_set(composed: Callable[..., Any]):
    file = FILE.replace(
        "stacked: [model=lstm_stacked]", "stacked: [model=lstm_stacked, model.hidden_size=32]"
    )
    contrast = "    protocol: {contrasts: {depth: [stacked, lstm]}, width: solved%s}\n"
    with pytest.raises(UserError, match="sets its width"):
        check_protocol(*composed(file + contrast % ""))
    assert check_protocol(*composed(file + contrast % ", reference: stacked"))


@pytest.mark.parametrize("pruner", ["none", "median", "halving", "hyperband"])
def test_trials_may_be_ended_early(composed: Callable[..., Any], pruner: str):
    file = protocol(contrasts="{depth: [stacked, lstm]}")
    assert check_protocol(*composed(file + f"    pruner: {pruner}\n"))


def test_one_validation_score_chooses(composed: Callable[..., Any]):
    file = protocol(contrasts="{depth: [stacked, lstm]}")
    for objective in ("[validation.accuracy, cost.parameters]", "cost.parameters"):
        with pytest.raises(UserError, match="one validation score"):
            check_protocol(*composed(file + f"    objective: {objective}\n"))
