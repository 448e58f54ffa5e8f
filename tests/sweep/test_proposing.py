"""Proposals: a grid is the whole product, a seed says what is proposed, and every algorithm can be asked."""

import itertools
import warnings

import optuna
import pytest

from seqlab.config.build import build
from seqlab.config.sweep import ParameterConfig, SamplerConfig, SweepConfig
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.proposing import Samplers, fixed_to, grid_of, suggest
from seqlab.sweep.space import Space

SPACE = {
    "model.num_layers": {"type": "int", "low": 1, "high": 3},
    "model.dropout": {"type": "float", "low": 0.1, "high": 0.5, "step": 0.2, "when": "model.num_layers > 1"},
    "model.cell": {"type": "categorical", "choices": ["gru", "lstm"]},
    "optimizer.lr": {"type": "float", "low": 1e-4, "high": 1e-1, "log": True},
}


def arm_of(*keys):
    config = build(SweepConfig, {"space": {key: SPACE[key] for key in keys}})
    tree = {"model": {"num_layers": 1, "dropout": 0.0, "cell": "rnn"}, "optimizer": {"lr": 0.1}}
    return ComposedArm(name="all", parameters=Space.of(config).parameters, given=(), trees={(): tree})


def proposals(sampler: str, count: int, study: optuna.Study | None = None) -> list[dict]:
    arm = arm_of(*SPACE)
    study = study or optuna.create_study(direction="maximize")
    found = []
    samplers = Samplers(SamplerConfig(name=sampler, seed=3, startup_trials=4))
    for slot in range(len(study.trials), count):
        study.sampler = samplers.make("all", slot, 0, 0)
        trial = study.ask()
        values = arm.walk(lambda parameter, trial=trial: suggest(trial, parameter))
        study.tell(trial, -values["optimizer.lr"])
        found.append(values)
    return found


def test_a_grid_is_the_product_but_for_what_is_not_asked():
    points = grid_of(arm_of("model.num_layers", "model.dropout", "model.cell"))
    deep = itertools.product([2, 3], [0.1, 0.3, 0.5], ["gru", "lstm"])
    shallow = itertools.product([1], [None], ["gru", "lstm"])
    wanted = {*deep, *shallow}
    found = [(p["model.num_layers"], p.get("model.dropout"), p["model.cell"]) for p in points]
    rounded = [(a, b if b is None else round(b, 9), c) for a, b, c in found]
    assert len(rounded) == len(wanted) == 14 and set(rounded) == wanted


def test_a_grid_begins_with_its_longest_trainings():
    depths = [point["model.num_layers"] for point in grid_of(arm_of("model.num_layers", "model.cell"))]
    assert depths == [3, 3, 2, 2, 1, 1]


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc", "gp", "nsga2"])
def test_every_sampler_stays_in_the_space_and_can_be_resumed_without_repeating_itself(sampler):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        whole = proposals(sampler, 10)
        study = optuna.create_study(direction="maximize")
        resumed = proposals(sampler, 4, study) + proposals(sampler, 10, study)
    assert whole == resumed
    assert len({values["optimizer.lr"] for values in whole[:4]}) == 4  # while it draws at random
    assert whole[4:8] != whole[:4]
    for values in whole:
        assert 1e-4 <= values["optimizer.lr"] <= 1e-1
        assert ("model.dropout" in values) == (values["model.num_layers"] > 1)


def test_arms_and_attempts_have_streams_of_their_own():
    parameter = arm_of("optimizer.lr").parameters[0]
    drawn = set()
    for place in (("a", 0, 0), ("b", 0, 0), ("a", 1, 0), ("a", 0, 1)):
        study = optuna.create_study(sampler=Samplers(SamplerConfig(name="random")).make(*place))
        drawn.add(suggest(study.ask(), parameter))
    assert len(drawn) == 4


def test_an_int_keeps_its_steps_and_a_choice_its_type():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    config = ParameterConfig(type="int", low=16, high=64, step=16)
    arm = build(
        SweepConfig, {"space": {"model.hidden_size": {"type": "int", "low": 16, "high": 64, "step": 16}}}
    )
    (parameter,) = Space.of(arm).parameters
    assert parameter.config == config
    assert {suggest(study.ask(), parameter) for _ in range(40)} == {16, 32, 48, 64}


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc", "gp", "nsga2"])
def test_a_point_that_is_due_goes_to_the_trial_that_it_is_due_to(sampler):
    study = optuna.create_study(direction="maximize")
    proposals(sampler, 6, study)
    due = {"model.num_layers": 2, "model.dropout": 0.3, "model.cell": "lstm"}  # without a learning rate
    study.sampler = fixed_to(
        Samplers(SamplerConfig(name=sampler, startup_trials=4)).make("all", 6, 1, 0), due
    )
    first = study.ask()
    other = study.ask()  # another coordinator, before the first has come to its values
    arm = arm_of(*SPACE)
    values = arm.walk(lambda parameter: suggest(first, parameter))
    assert values == due | {"optimizer.lr": values["optimizer.lr"]}
    assert 1e-4 <= values["optimizer.lr"] <= 1e-1
    assert not other.params and not any(t.state.name == "WAITING" for t in study.get_trials(deepcopy=False))
