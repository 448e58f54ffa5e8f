"""Arms composed: words that give exactly the run, conditions decided on settings, and alternatives that differ."""

import itertools
import random
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqlab import paths
from seqlab.compose import compose
from seqlab.compose.overrides import parse, value_text
from seqlab.errors import UserError
from seqlab.sweep.arms import ComposedArm, compose_arms
from seqlab.sweep.loading import load_sweep

RICH = """\
    fixed: [trainer.max_epochs=3, optimizer=sgd, "name='a b, c'", ~trainer.gradient_clip]
    arms:
      vowels: [data.batch_size=16]
      short: ["logger.wandb={tags: [a, b]}", trainer.threads=2]
    space:
      model.num_layers: {type: int, low: 1, high: 3}
      model: {type: categorical, choices: [lstm, bigru, order_free]}
      scheduler: {type: categorical, choices: [cosine, plateau], when: optimizer.lr > 0.01}
      optimizer.lr: {low: 1e-5, high: 1e+1, log: true}
      model.dropout: {low: 0, high: 0.9, step: 0.1, when: model.num_layers > 1 or model == order_free}
      model.forget_bias: {type: categorical, choices: [null, 1, 0.5], when: model.cell == lstm}
      task.pooling: {type: categorical, choices: [last, max]}
      data.name: {type: categorical, choices: [JapaneseVowels, "null", "1e-3", "x y, {z}", 'a\\', "it's", "3"]}
      data.split_seed: {type: categorical, choices: [null, 7]}
      seed: {type: int, low: 0, high: 4294967295}
    objective: validation.loss
    """


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(paths, "local_conf_dirs", list)


def arms_of(file: str | dict[str, Any], *words: str, config_dir: Path | None = None) -> list[ComposedArm]:
    text = textwrap.dedent(file) if isinstance(file, str) else yaml.safe_dump(file)
    Path("own.yaml").write_text(text, encoding="utf-8")
    return compose_arms(load_sweep(["sweep=own.yaml", *words], config_dir, []))


def refused(file: str | dict[str, Any], *words: str, config_dir: Path | None = None) -> str:
    with pytest.raises(UserError) as caught:
        arms_of(file, *words, config_dir=config_dir)
    assert len(str(caught.value).splitlines()) <= 3
    return str(caught.value)


def search(**more: Any) -> dict[str, Any]:
    return {"space": {"seed": {"type": "int", "low": 0, "high": 9}}, **more}


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> list[ComposedArm]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("rich"))
        patch.setattr(paths, "local_conf_dirs", list)
        return arms_of(RICH, "data.directory=sets", "trainer.accelerator=cpu", "logger=csv")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_words_give_exactly_the_experiment(rich: list[ComposedArm], data: st.DataObject):
    arm = data.draw(st.sampled_from(rich))
    values = arm.walk(lambda parameter: parameter.draw(random.Random(data.draw(st.integers(0, 2**32)))))
    experiment = arm.experiment(values)
    # data.directory was taken as it was given: relative to another folder
    composed = compose(
        [word for word in arm.words(values) if not word.startswith("data.directory=")]
    ).experiment
    composed.data.directory = experiment.data.directory
    assert composed == experiment
    assert arm.plain(values)["seed"] == values["seed"]


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
    )
)
def test_every_value_is_read_back_as_itself(value: Any):
    (override,) = parse([f"name={value_text(value)}"])
    assert not override.is_sweep_override()
    assert override.value() == value and type(override.value()) is type(value)


def test_words_come_in_order(rich: list[ComposedArm]):
    values = rich[0].walk(lambda parameter: parameter.ends()[0])
    assert rich[0].words(values) == [
        "trainer.max_epochs=3",
        "optimizer=sgd",
        "name='a b, c'",
        "~trainer.gradient_clip",
        "data.directory=sets",
        "trainer.accelerator=cpu",
        "logger=csv",
        "task.monitor=loss",
        "data.batch_size=16",
        "model=lstm",
        "model.num_layers=1",
        "optimizer.lr=1e-05",
        "model.forget_bias=null",
        "task.pooling=last",
        "data.name=JapaneseVowels",
        "data.split_seed=null",
        "seed=0",
    ]


def test_what_is_asked_for_depends_on_what_was_chosen(rich: list[ComposedArm]):
    def asked(**chosen: Any) -> set[str]:
        wanted = {key.replace("__", "."): value for key, value in chosen.items()}
        return set(rich[0].walk(lambda p: wanted.get(p.key, p.ends()[0])))

    always = {
        "model",
        "model.num_layers",
        "optimizer.lr",
        "task.pooling",
        "data.name",
        "data.split_seed",
        "seed",
    }
    assert asked(model="bigru") == always
    assert asked(model="lstm") == always | {"model.forget_bias"}
    assert asked(model="bigru", model__num_layers=2) == always | {"model.dropout"}
    assert asked(model="order_free") == always | {"model.dropout"}
    assert asked(model="bigru", optimizer__lr=0.1) == always | {"scheduler"}


def test_an_experiment_is_fresh_every_time():
    (arm,) = arms_of(search(fixed=["logger.wandb.tags=[a]"]))
    first = arm.experiment({"seed": 1})
    first.logger.wandb.tags.append("b")
    first.model.num_layers = 9
    assert arm.experiment({"seed": 2}).logger.wandb.tags == ["a"]
    assert arm.experiment({"seed": 2}).model.num_layers == 1


@pytest.mark.parametrize(
    ("file", "words", "monitor"),
    [
        (search(), [], "accuracy"),
        (search(objective="validation.f1_macro"), [], "f1_macro"),
        (search(objective=["validation.ece", "cost.flops"]), [], "ece"),
        (search(objective="cost.flops"), ["task.monitor=auroc"], "auroc"),
        (search(objective="validation.loss", fixed=["task.monitor=auroc"]), [], "auroc"),
        (search(objective="validation.loss"), ["task.monitor=auroc"], "auroc"),
        (search(objective="validation.loss", arms={"a": ["task.monitor=auroc"]}), [], "auroc"),
    ],
)
def test_the_best_epoch_is_the_objectives(file: dict[str, Any], words: list[str], monitor: str):
    (arm,) = arms_of(file, *words)
    assert arm.experiment({"seed": 1}).task.monitor == monitor
    assert arm.words({"seed": 1}).count(f"task.monitor={monitor}") == 1


def test_a_monitor_that_is_searched_is_left_alone():
    (arm,) = arms_of({"space": {"task.monitor": {"type": "categorical", "choices": ["loss", "ece"]}}})
    assert arm.words({"task.monitor": "ece"}) == ["task.monitor=ece"]


def test_an_arm_wins_over_fixed_and_the_command_line_over_both():
    first, second = arms_of(
        search(fixed=["model=lstm", "data.batch_size=8"], arms={"a": ["model=gru"], "b": []}),
        "data.batch_size=4",
    )
    assert first.given == ("data.batch_size=4", "task.monitor=accuracy", "model=gru")
    assert second.given == ("model=lstm", "data.batch_size=4", "task.monitor=accuracy")
    assert first.experiment({"seed": 0}).data.batch_size == 4


@pytest.mark.parametrize(
    ("file", "hints"),
    [
        (
            search(fixed=["model.hiden_size=3"]),
            ["model.hiden_size", "in fixed", "did you mean: model.hidden_size"],
        ),
        (search(fixed=["model=gru", "model.hiden_size=3"]), ["in fixed"]),
        (search(arms={"a": ["model=gur"]}), ["model: 'gur'", "in arms.a", "did you mean: gru"]),
        (search(arms={"a": ["model.num_layers=0"]}), ["model.num_layers", "in arms.a", "at least 1"]),
        (search(fixed=["evaluate_test=true"]), ["evaluate_test", "never reads test data"]),
        (search(arms={"a": [], "b": ["evaluate_test=true"]}), ["never reads test data"]),
        (search(arms={"a": ["model.cell=gru"], "b": ["model=gru"]}), ["arms.a and arms.b are the same"]),
        (search(arms={"a": [], "b": ["model=lstm"]}), ["arms.a and arms.b are the same"]),
        (
            {"space": {"model": {"type": "categorical", "choices": ["lstm", "gur"]}}},
            ["'gur'", "in space.model", "did you mean: gru"],
        ),
        (
            {"space": {"model.hiden_size": {"type": "int", "low": 1, "high": 2}}},
            ["space.model.hiden_size", "did you mean: model.hidden_size"],
        ),
        ({"space": {"modle": {"low": 1, "high": 2}}}, ["space.modle", "did you mean: model"]),
        ({"space": {"model.dropot": {"low": 0, "high": 0.5}}}, ["did you mean: model.dropout"]),
        (
            {"space": {"seed": {"low": 1, "high": 2, "when": "model.num_layer > 1"}}},
            ["model.num_layer:", "in space.seed.when", "did you mean: model.num_layers"],
        ),
        (
            {"space": {"seed": {"low": 1, "high": 2, "when": "cost.flops > 1"}}},
            ["space.seed.when", "held by constraints"],
        ),
        (search(constraints=["cost.parametres < 3"]), ["in constraints", "did you mean: cost.parameters"]),
        (search(constraints=["modle.num_layers < 3"]), ["did you mean: model.num_layers"]),
        (
            {
                "space": {
                    "model": {"type": "categorical", "choices": ["lstm", "lstm_stacked"]},
                    "model.num_layers": {"type": "int", "low": 1, "high": 2},
                }
            },
            ["model=lstm and model=lstm_stacked are the same"],
        ),
    ],
)
def test_what_does_not_fit_is_refused(file: dict[str, Any], hints: list[str]):
    message = refused(file)
    assert all(hint in message for hint in hints), message


def test_a_mistake_on_the_command_line_is_not_put_down_to_the_file():
    assert "in fixed" not in refused(search(fixed=["model=gru"]), "model.hiden_size=3")


def test_evaluating_on_test_data_is_refused_from_everywhere(tmp_path: Path):
    assert "never reads test data" in refused(search(), "evaluate_test=true")
    (tmp_path / "conf" / "experiment").mkdir(parents=True)
    (tmp_path / "conf" / "experiment" / "mine.yaml").write_text("# @package _global_\nevaluate_test: true\n")
    assert "never reads test data" in refused(search(), "experiment=mine", config_dir=tmp_path / "conf")


def test_what_the_arms_differ_in_is_not_undone():
    arms = {name: [f"model={name}"] for name in ("lstm", "bilstm", "bigru")}
    message = refused(search(arms=arms), "model.bidirectional=true")
    assert "model.bidirectional=true: undoes a difference" in message and "False in lstm" in message
    assert "undoes" in refused(search(arms=arms, fixed=["model.cell=rnn"]))
    message = refused(
        {"space": {"model": {"type": "categorical", "choices": ["lstm", "bigru"]}}},
        "model.bidirectional=true",
    )
    assert "True in model=bigru" in message


def test_the_same_thing_twice_is_a_question_too():
    assert len(arms_of(search(arms={"a": ["model=gru"], "b": ["model=gru"]}))) == 2


def test_what_they_do_not_differ_in_is_set_for_all():
    composed = arms_of(search(arms={"a": ["model=lstm"], "b": ["model=bigru"]}), "model.hidden_size=8")
    assert [arm.experiment({"seed": 0}).model.hidden_size for arm in composed] == [8, 8]


def test_an_interpolation_of_what_is_searched_is_refused():
    space = {"space": {"model.num_layers": {"type": "int", "low": 1, "high": 2}}}
    assert "trainer.threads: is written in terms" in refused(space, "trainer.threads=${model.num_layers}")
    (arm,) = arms_of(space, "trainer.threads=${data.batch_size}")
    assert arm.experiment({"model.num_layers": 2}).trainer.threads == 32


def test_one_composition_for_every_combination_of_groups(rich: list[ComposedArm]):
    for arm, model, scheduler in itertools.product(
        rich, ("lstm", "bigru", "order_free"), (None, "cosine", "plateau")
    ):
        chosen = (("model", model), *((("scheduler", scheduler),) if scheduler else ()))
        assert arm.trees[chosen]["scheduler"]["name"] == (scheduler or "none")
    assert all(len(arm.trees) == 9 for arm in rich)
