"""Settings that matter are found to matter, by both methods; edges are said with their end."""

import math
import random
import warnings

import optuna
import pytest

from seqlab.config.build import build
from seqlab.config.sweep import SweepConfig
from seqlab.results import TrialRow
from seqlab.sweep.importance import FEWEST, edges, importances
from seqlab.sweep.space import Space

CONFIG = build(
    SweepConfig,
    {
        "space": {
            "optimizer.lr": {"low": 1e-4, "high": 1e-1, "log": True},
            "model.num_layers": {"type": "int", "low": 1, "high": 3},
            "model.cell": {"type": "categorical", "choices": ["lstm", "gru", None]},
            "model.dropout": {"low": 0.0, "high": 0.5, "step": 0.1},
            "model.hidden_size": {"type": "int", "low": 16, "high": 128, "log": True},
        }
    },
)
SPACE = {parameter.key: parameter for parameter in Space.of(CONFIG).parameters}


def rows_of(value, count: int = 60, keys=tuple(SPACE)) -> list[TrialRow]:
    rng = random.Random(1)
    rows = []
    for number in range(count):
        point = {key: SPACE[key].draw(rng) for key in keys}
        rows.append(
            TrialRow(arm="a", number=number, state="complete", parameters=point, values=(value(point),))
        )
    return rows


def lr_alone(point) -> float:
    return -((math.log10(point["optimizer.lr"]) + 2.5) ** 2)


@pytest.mark.parametrize("maximize", [True, False])
def test_the_one_setting_that_matters_is_first_by_both(maximize: bool):
    sign = 1 if maximize else -1
    found = importances(rows_of(lambda point: sign * lr_alone(point)), SPACE, maximize=maximize)
    assert found.why_not is None and found.left_out == ()
    assert next(iter(found.ped_anova)) == "optimizer.lr"
    assert found.fanova["optimizer.lr"] > 0.9
    assert sum(found.ped_anova.values()) == pytest.approx(1)
    assert sum(found.fanova.values()) <= 1 + 1e-9
    assert found.ped_anova.keys() == found.fanova.keys() == SPACE.keys()


def test_a_logarithmic_setting_is_weighed_on_its_logarithm():
    """Half of the decades are good: on the plain scale that is a fiftieth of the range, and would count for little."""
    rows = rows_of(
        lambda point: float(point["optimizer.lr"] < 10**-2.5) + 0.2 * float(point["model.num_layers"] == 1)
    )
    assert importances(rows, SPACE, maximize=True).fanova["optimizer.lr"] > 0.8


def test_equal_trials_give_equal_numbers():
    rows = rows_of(lr_alone)
    assert importances(rows, SPACE, maximize=True) == importances(rows, SPACE, maximize=True)


def test_only_complete_trials_with_a_value_are_weighed():
    good = rows_of(lr_alone, FEWEST - 1)
    bad = [TrialRow(arm="a", number=99, state="diverged", parameters=good[0].parameters, values=(None,))]
    cut = [TrialRow(arm="a", number=98, state="pruned", parameters=good[0].parameters, values=(0.3,))]
    found = importances(
        [*good, *bad, *cut, TrialRow(arm="a", number=97, state="running", parameters={})],
        SPACE,
        maximize=True,
    )
    assert found.why_not is not None and f"fewer than {FEWEST}" in found.why_not
    assert importances(rows_of(lr_alone, FEWEST), SPACE, maximize=True).why_not is None


def test_a_constant_value_says_so():
    found = importances(rows_of(lambda point: 0.5), SPACE, maximize=True)
    assert found.why_not is not None and "same value" in found.why_not
    assert found.ped_anova == found.fanova == {}


def test_conditional_settings_are_left_out_by_name():
    rows = [
        TrialRow(
            arm="a",
            number=row.number,
            state="complete",
            parameters={k: v for k, v in row.parameters.items() if k != "model.dropout" or row.number % 2},
            values=row.values,
        )
        for row in rows_of(lr_alone)
    ]
    found = importances(rows, SPACE, maximize=True)
    assert found.left_out == ("model.dropout",)
    assert "model.dropout" not in found.ped_anova and "model.dropout" not in found.fanova


def test_trials_of_another_space_are_no_reason_to_fail():
    rows = [
        TrialRow(arm="a", number=n, state="complete", parameters={"optimizer.lr": 5.0 + n}, values=(n / 9,))
        for n in range(20)
    ]
    found = importances(rows, SPACE, maximize=True)
    assert found.why_not is not None and len(found.why_not.splitlines()) == 1


def test_optuna_says_nothing_and_its_logging_is_as_before(capfd):
    optuna.logging.set_verbosity(optuna.logging.INFO)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        importances(rows_of(lr_alone), SPACE, maximize=True)
    assert optuna.logging.get_verbosity() == optuna.logging.INFO
    assert not caught
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("key", "value", "upper"),
    [
        ("optimizer.lr", 1.3e-4, False),  # within 5 % of three decades
        ("optimizer.lr", 1.5e-4, None),  # though within 5 % of the plain range
        ("optimizer.lr", 0.08, True),
        ("optimizer.lr", 0.07, None),
        ("model.num_layers", 1, False),
        ("model.num_layers", 2, None),
        ("model.num_layers", 3, True),
        ("model.dropout", 0.0, False),
        ("model.dropout", 0.1, None),
        ("model.dropout", 0.1 * 5, True),
        ("model.hidden_size", 17, False),
        ("model.hidden_size", 18, None),
        ("model.cell", "lstm", None),
    ],
)
def test_a_best_value_at_an_end_is_said(key: str, value, upper: bool | None):
    found = edges({key: value}, SPACE)
    assert [edge.upper for edge in found] == ([] if upper is None else [upper])


def test_what_cannot_be_widened_is_told_apart():
    asked: list[tuple[str, float]] = []

    def allowed(key: str, value: float) -> bool:
        asked.append((key, value))
        return key == "model.dropout"

    low, high = edges({"model.num_layers": 1, "model.dropout": 0.5}, SPACE, allowed)
    assert (low.final, high.final) == (True, False)
    assert asked == [("model.num_layers", 0), ("model.dropout", pytest.approx(0.6))]
    assert isinstance(asked[0][1], int)


def test_a_setting_with_one_value_has_no_edge():
    config = build(SweepConfig, {"space": {"seed": {"type": "int", "low": 3, "high": 3}}})
    space = {parameter.key: parameter for parameter in Space.of(config).parameters}
    assert edges({"seed": 3}, space) == []
