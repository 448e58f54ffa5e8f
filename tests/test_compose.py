"""Composing settings: what is right composes to typed settings, what is wrong gets three lines and nothing else."""

import shlex
import string
import textwrap
from pathlib import Path

import pytest
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.version import getbase
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqlab import paths
from seqlab.choices import choices, conf_folders, groups
from seqlab.compose import check_sweep, compose, run_multirun
from seqlab.compose.overrides import known_keys, parse, unknown_key
from seqlab.config.build import to_plain
from seqlab.config.data import ArchiveConfig
from seqlab.config.model import OrderFreeConfig, RecurrentConfig
from seqlab.errors import UserError

KEYS = known_keys({})
GROUPS = groups([paths.conf_dir()])


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(paths, "local_conf_dirs", lambda: local_in(tmp_path / "conf"))
    yield
    assert not (tmp_path / "runs").exists() or any((tmp_path / "runs").rglob("*"))


def local_in(folder: Path) -> list[Path]:
    return [folder] if (folder / "local" / "default.yaml").is_file() else []


def refused(*overrides: str, config_dir: Path | None = None) -> str:
    """The message of a refusal, held to its form."""
    with pytest.raises(UserError) as caught:
        compose(list(overrides), config_dir)
    message = str(caught.value)
    assert 1 <= len(message.splitlines()) <= 3, message
    assert "Traceback" not in message
    return message


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


# What composes


@pytest.mark.parametrize("name", choices([paths.conf_dir()], "experiment"))
def test_every_shipped_experiment_composes(name: str):
    assert compose([f"experiment={name}"]).overrides == (f"experiment={name}",)


def test_defaults_are_those_of_the_dataclasses():
    experiment = compose([]).experiment
    assert to_plain(experiment.model) == to_plain(RecurrentConfig())
    assert to_plain(experiment.data) == to_plain(ArchiveConfig())
    assert to_plain(compose(["model=order_free"]).experiment.model) == to_plain(OrderFreeConfig())
    for part in ("optimizer", "scheduler", "trainer", "logger", "task"):
        config = getattr(experiment, part)
        assert to_plain(config) == to_plain(type(config)())


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("direction", ["", "bi"])
@pytest.mark.parametrize("layers", [1, 2])
def test_model_choices_are_what_they_are_called(cell: str, direction: str, layers: int):
    model = compose([f"model={direction}{cell}{'_stacked' if layers == 2 else ''}"]).experiment.model
    assert isinstance(model, RecurrentConfig)
    assert (model.cell, model.bidirectional, model.num_layers) == (cell, direction == "bi", layers)


def test_values_interpolations_and_run_directory():
    composed = compose(
        [
            "model=gru",
            "trainer.threads=${model.num_layers}",
            "name='a b'",
            "hydra.run.dir=out/${model.cell}-${seed}",
        ]
    )
    assert composed.experiment.trainer.threads == 1
    assert composed.experiment.name == "a b"
    assert composed.run_dir == Path("out/gru-0")
    assert composed.overrides[0] == "model=gru"
    assert "hydra" not in composed.plain


def test_run_directories_differ():
    first, second = compose([]).run_dir, compose([]).run_dir
    assert first != second
    assert first.parts[:2] == ("runs", "train")
    assert not first.exists()


def test_plus_and_tilde_on_keys_that_exist():
    assert compose(["+model.hidden_size=8"]).experiment.model.hidden_size == 8
    assert compose(["++model.hidden_size=8"]).experiment.model.hidden_size == 8
    assert compose(["trainer.threads=3", "~logger.wandb.group"]).experiment.logger.wandb.group is None


def test_several_values_at_once():
    wandb = compose(["logger.wandb={mode: online, tags: [a, b]}"]).experiment.logger.wandb
    assert (wandb.mode, wandb.tags, wandb.project) == ("online", ["a", "b"], "seqlab")


def test_experiments_come_over_the_groups_and_under_the_command_line():
    debug = compose(["experiment=debug"]).experiment
    assert (debug.trainer.overfit_batches, debug.logger.name) == (1, "none")
    assert compose(["experiment=debug", "trainer.max_epochs=2"]).experiment.trainer.max_epochs == 2
    assert compose(["logger=csv", "experiment=debug"]).experiment.logger.name == "csv"
    both = compose(["experiment=[imbalanced,debug]"]).experiment
    assert (both.task.class_weights, both.logger.name) == ("balanced", "none")  # type: ignore[attr-defined]


# What is refused


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("modle=gru", "did you mean: model"),
        ("model=gur", "did you mean: gru"),
        ("+model=gur", "did you mean: gru"),
        ("model=null", "lstm_stacked"),
        ("model={cell: gru}", "lstm_stacked"),
        ("model.hiden_size=3", "did you mean: model.hidden_size"),
        ("+model.hiden_size=3", "did you mean: model.hidden_size"),
        ("hidden_size=3", "did you mean: model.hidden_size"),
        ("lr=0.1", "did you mean: optimizer.lr"),
        ("+typo=3", "typo: there is no such key (given '3')"),
        ("++typo=3", "typo: there is no such key (given '3')"),
        ("~typo", "typo"),
        ("~model", "~model"),
        ("model.num_layers=2.5", "an integer at least 1"),
        ("model.num_layers=two", "an integer at least 1"),
        ("model.dropout=1", "below 1"),
        ("seed=-1", "at most 4294967295"),
        ("seed=true", "an integer"),
        ("evaluate_test=1", "true or false"),
        ("optimizer.lr=.inf", "a number"),
        ("optimizer.lr=nan", "a number"),
        ("model.cell=gruu", "did you mean: gru"),
        ("model.cell=null", "gru, lstm, rnn"),
        ("task.pooling=maen", "did you mean: mean"),
        ("data.kind=archiv", "did you mean: archive"),
        ("logger.wandb=3", "a mapping"),
        ("logger.wandb={mod: online}", "did you mean: logger.wandb.mode"),
        ("plugins=my_lab", "a list of words"),
        ("trainer.threads=${data.batchsize}", "data.batchsize"),
        ("trainer.threads=???", "trainer.threads"),
        ("lstm", "key=value"),
        ("=3", "key=value"),
        ("seed", "key=value"),
        ("", "key=value"),
        ("name=a,b", "add -m"),
        ("seed=1,2", "did you mean: -m seed=1,2 (runs each)"),
        ("model=lstm,gru", "did you mean: -m model=lstm,gru (runs each)"),
        ("model.cell=lstm,gru", "did you mean: -m model.cell=lstm,gru (runs each)"),
        ("seed=range(3)", "did you mean: -m 'seed=range(3)' (runs each)"),
        ("data=x", "allowed: adding, archive, brown, files, future_decides, japanese_vowels"),
        ("hydra.run.dirr=x", "did you mean: hydra.run.dir"),
        ("hydra.runn.dir=x", "did you mean: hydra.run"),
        ("hydra/launcher=joblib", "basic"),
        ("hydra.run.dir=${nothing}", "nothing"),
        ("model@other=lstm", "model"),
        ("experiment=nothing", "debug"),
    ],
)
def test_refusals_say_what_and_what_instead(override: str, words: str):
    assert words in refused(override)


@pytest.mark.parametrize(
    "words",
    [["model", "=", "gru"], ["model=", "gru"], ["model", "=gru"], ["seed=1", "model", "=", "gru", "name=x"]],
)
def test_spaces_around_the_equals_sign(words: list[str]):
    message = refused(*words)
    assert "no spaces" in message and message.endswith("did you mean: model=gru")


def test_an_empty_value_is_no_space():
    assert compose(["name=", "seed=1"]).experiment.seed == 1


def test_a_choice_for_python_alone_composes_and_is_not_offered():
    assert compose(["data=memory"]).experiment.data.kind == "memory"
    assert "memory" not in refused("data=memry")


def test_a_key_of_another_choice_is_refused():
    assert "num_layers" in refused("model=order_free", "model.cell=lstm")


@pytest.mark.parametrize(
    "value", ["my data (1).csv", "a,b{c", "it's", "x=[1", '50% ("new")', "C:\\data (x)", 'a\'b "c" (d)']
)
def test_grammar_errors_are_answered_with_the_quoted_form(value: str):
    message = refused(f"data.name={value}")
    hint = message.partition("did you mean: ")[2]
    (word,) = shlex.split(hint)
    assert compose([word]).experiment.data.name == value  # type: ignore[attr-defined]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_misspelt_keys_are_refused_and_mostly_recognised(data: st.DataObject):
    key = data.draw(st.sampled_from(KEYS))
    wrong = data.draw(misspelt(key))
    if wrong in KEYS or any(known.startswith(wrong + ".") for known in KEYS):
        return
    error = unknown_key(wrong, "1", KEYS, GROUPS)
    assert len(str(error).splitlines()) <= 3
    assert error.key == wrong


@st.composite
def misspelt(draw: st.DrawFn, key: str) -> str:
    place = draw(st.integers(0, len(key) - 1))
    letter = draw(st.sampled_from(string.ascii_lowercase + "_"))
    kind = draw(st.sampled_from(["delete", "insert", "replace", "swap"]))
    return {
        "delete": key[:place] + key[place + 1 :],
        "insert": key[:place] + letter + key[place:],
        "replace": key[:place] + letter + key[place + 1 :],
        "swap": key[:place] + key[place : place + 2][::-1] + key[place + 2 :],
    }[kind]


def test_the_right_key_is_suggested_in_the_great_majority():
    right, all_of_them = 0, 0
    for key in KEYS:
        for place in range(len(key)):
            for wrong in (key[:place] + key[place + 1 :], key[:place] + "x" + key[place:]):
                if wrong in KEYS:
                    continue
                all_of_them += 1
                right += unknown_key(wrong, "1", KEYS, GROUPS).suggestion == key
    assert right / all_of_them > 0.98, right / all_of_them


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_misspelt_keys_are_refused_by_compose(data: st.DataObject):
    wrong = data.draw(misspelt(data.draw(st.sampled_from(KEYS))))
    if wrong not in KEYS and wrong.strip("."):
        refused(f"{wrong}=1")


# YAML of one's own


def test_config_dir_extends_the_groups(tmp_path: Path):
    mine = tmp_path / "mine"
    write(mine / "model" / "mine.yaml", "defaults:\n  - gru\n  - _self_\nhidden_size: 7\n")
    write(
        mine / "experiment" / "x.yaml",
        """\
        # @package _global_
        defaults:
          - override /model: mine
          - override /logger: none
        seed: 5
        """,
    )
    experiment = compose(["experiment=x"], mine).experiment
    assert (experiment.model.hidden_size, experiment.seed, experiment.logger.name) == (7, 5, "none")
    assert compose(["model=mine", "model.hidden_size=9"], mine).experiment.model.hidden_size == 9
    assert "mine" in refused("model=mien", config_dir=mine)
    assert "not a folder" in refused(config_dir=tmp_path / "absent")


def test_a_yaml_that_mentions_few_keys_takes_the_others_from_the_command_line(tmp_path: Path):
    write(tmp_path / "mine" / "model" / "tiny.yaml", "cell: rnn\n")
    model = compose(["model=tiny", "model.hidden_size=3"], tmp_path / "mine").experiment.model
    assert (model.hidden_size, model.num_layers) == (3, 1)


@pytest.mark.parametrize(
    "text",
    [
        "hiden_size: 3\n",
        "hidden_size: [1\n",
        "- 1\n- 2\n",
        "hidden_size: 0\n",
        "defaults:\n  - absent\n",
        "cell: ${x}\n",
    ],
)
def test_mistakes_in_yaml_are_refused(tmp_path: Path, text: str):
    write(tmp_path / "mine" / "model" / "bad.yaml", text)
    refused("model=bad", config_dir=tmp_path / "mine")


def test_an_experiment_without_its_package_line_is_told_so(tmp_path: Path):
    write(tmp_path / "mine" / "experiment" / "x.yaml", "seed: 3\n")
    assert "# @package _global_" in refused("experiment=x", config_dir=tmp_path / "mine")


def test_the_file_of_this_machine(tmp_path: Path):
    write(
        tmp_path / "conf" / "local" / "default.yaml",
        """\
        defaults:
          - override /logger: csv
        trainer:
          threads: 3
        data:
          directory: /data
        """,
    )
    experiment = compose([]).experiment
    assert (experiment.trainer.threads, experiment.data.directory, experiment.logger.name) == (
        3,
        "/data",
        "csv",
    )
    assert compose(["trainer.threads=1", "logger=none"]).experiment.trainer.threads == 1
    write(tmp_path / "mine" / "local" / "default.yaml", "trainer:\n  threads: 4\n")
    assert compose([], tmp_path / "mine").experiment.trainer.threads == 4


def test_a_mistake_in_the_file_of_this_machine(tmp_path: Path):
    write(tmp_path / "conf" / "local" / "default.yaml", "trainer:\n  thread: 3\n")
    assert "did you mean: trainer.threads" in refused()
    write(tmp_path / "conf" / "local" / "default.yaml", "trainer: [\n")
    assert "default.yaml" in refused()


def test_a_mistake_in_a_file_names_the_file(tmp_path: Path):
    local = write(tmp_path / "conf" / "local" / "default.yaml", "trainer: {thread: 4}\n")
    assert refused().startswith(
        "trainer.thread: there is no such key (given 4, in conf/local/default.yaml)\n"
    )
    assert "conf/local" not in refused("trainer.thread=5")
    write(local, "trainer: {threads: 0}\n")
    assert refused().startswith("trainer.threads: 0 is not allowed (in conf/local/default.yaml)\n")
    with pytest.raises(UserError, match=r"conf/local/default\.yaml"):
        check_sweep(["seed=1,2"])
    write(local, "data: {kind: archiv}\n")
    assert "data.kind: 'archiv' is not allowed (in conf/local/default.yaml)" in refused()
    write(local, "seed: 0\n")
    mine = tmp_path / "mine"
    for name in ("another", "bad"):
        write(mine / "model" / f"{name}.yaml", "hiden_size: 3\n")
    assert "(given 3, in mine/model/bad.yaml)" in refused("model=bad", config_dir=mine)
    write(mine / "experiment" / "x.yaml", "# @package _global_\noptimizer:\n  lr: -1\n")
    assert "(in mine/experiment/x.yaml)" in refused("experiment=x", config_dir=mine)
    assert "(in " not in refused("experiment=x", "optimizer.lr=-1", config_dir=mine)


def test_a_mistake_in_a_package_names_its_file(my_lab: str, tmp_path: Path):
    write(tmp_path / my_lab / "conf" / "model" / "odd.yaml", "kind: odd\nwobble: -1\n")
    assert f"(in {my_lab}/conf/model/odd.yaml)" in refused(f"plugins=[{my_lab}]", "model=odd")


# Packages of one's own


@pytest.fixture
def my_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    from seqlab.config import registry

    monkeypatch.setattr(registry, "_PARTS", dict(registry._PARTS))
    name = f"lab_{abs(hash(request.node.name)) % 10**8}"
    monkeypatch.syspath_prepend(tmp_path)
    write(
        tmp_path / name / "__init__.py",
        f"""\
        from seqlab import register

        register("cell", "mine", target="{name}.cells:Mine")
        register("encoder", "odd", target="{name}.odd:Odd", config="{name}.odd:OddConfig")
        """,
    )
    write(
        tmp_path / name / "odd.py",
        """\
        from dataclasses import dataclass
        from seqlab.config.model import ModelConfig
        from seqlab.config.options import option

        @dataclass(slots=True, kw_only=True)
        class OddConfig(ModelConfig):
            kind: str = option("odd", "Which encoder.", part="encoder")
            wobble: float = option(0.5, "How odd.", low=0)
        """,
    )
    write(tmp_path / name / "conf" / "model" / "odd.yaml", "kind: odd\nwobble: 0.25\n")
    return name


def test_plugins_bring_parts_and_choices(my_lab: str):
    model = compose([f"plugins=[{my_lab}]", "model=odd", "model.wobble=2"]).experiment.model
    assert to_plain(model)["wobble"] == 2.0
    assert compose([f"plugins=[{my_lab}]", "model.cell=mine"]).plain["model"]["cell"] == "mine"
    assert "did you mean: model.wobble" in refused(f"plugins=[{my_lab}]", "model=odd", "model.wobbel=2")


def test_plugins_named_in_an_experiment_or_by_the_machine(my_lab: str, tmp_path: Path):
    write(
        tmp_path / "mine" / "experiment" / "x.yaml",
        f"""\
        # @package _global_
        defaults:
          - override /model: odd
        plugins: [{my_lab}]
        """,
    )
    assert compose(["experiment=x"], tmp_path / "mine").plain["model"]["wobble"] == 0.25
    write(tmp_path / "conf" / "local" / "default.yaml", f"plugins: [{my_lab}]\n")
    assert compose(["model=odd"]).experiment.plugins == [my_lab]


def test_plugins_that_cannot_be_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert "no package 'nothing_of_the_kind'" in refused("plugins=[nothing_of_the_kind]")
    assert "did you mean: numpy" in refused("plugins=[numppy]")
    assert "not the name of a package" in refused("plugins=['os; rm']")
    monkeypatch.syspath_prepend(tmp_path)
    write(tmp_path / "broken_lab" / "__init__.py", "import nothing_of_the_kind\n")
    assert "ModuleNotFoundError" in refused("plugins=[broken_lab]")
    write(tmp_path / "raising_lab" / "__init__.py", "raise RuntimeError('one\\ntwo\\nthree\\nfour')\n")
    assert "raising_lab/__init__.py:1" in refused("plugins=[raising_lab]")


# Several runs


def test_every_value_of_a_sweep_is_checked_first():
    for words in (
        ["seed=1,2,-3"],
        ["model=lstm,guru"],
        ["model=lstm,order_free", "model.cell=gru"],
        ["model.hidden_size=1,2", "optimizer.lr=0.1,200"],
        ["optimizer.lr=interval(0.1,200)"],
        ["model=glob(x*)"],
        ["typo=1,2"],
        ["+typo=1,2"],
        ["experiment=debug,nothing"],
        ["hydra.sweep.dirr=x", "seed=1,2"],
    ):
        with pytest.raises(UserError) as caught:
            check_sweep(words)
        assert len(str(caught.value).splitlines()) <= 3
    check_sweep(
        ["model=lstm,gru", "seed=range(3)", "optimizer.lr=choice(0.1,0.2)", "logger.wandb.tags=[a],[b,c]"]
    )


def test_multirun_runs_every_job_in_a_directory_of_its_own(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    jobs = run_multirun(
        [
            "model=glob(*lstm_stacked)",
            "seed=range(2)",
            "hydra.sweep.dir=my out",
            "hydra.job.name=secret_word",
        ],
        lambda job: (job.experiment.model.bidirectional, job.experiment.seed, job.run_dir, job.overrides),  # type: ignore[attr-defined]
    )
    assert [job[:2] for job in jobs] == [(True, 0), (True, 1), (False, 0), (False, 1)]
    assert [job[2] for job in jobs] == [tmp_path / "my out" / str(n) for n in range(4)]
    assert "seed=1" in jobs[1][3]
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert not left, "no .hydra, no multirun.yaml, no log"
    said = capfd.readouterr()
    assert not said.out and not said.err


def test_multirun_keeps_going_through_keys_that_no_yaml_mentions(tmp_path: Path):
    write(tmp_path / "mine" / "model" / "tiny.yaml", "cell: rnn\n")
    jobs = run_multirun(
        ["model=lstm,tiny", "model.hidden_size=3,4"],
        lambda job: job.experiment.model.hidden_size,
        tmp_path / "mine",
    )
    assert jobs == [3, 4, 3, 4]


# Hydra's globals


def test_somebody_elses_hydra_application_is_left_alone(tmp_path: Path):
    write(tmp_path / "theirs" / "config.yaml", "answer: 42\n")
    with initialize_config_dir(str(tmp_path / "theirs"), version_base="1.2"):
        before = (GlobalHydra.instance().hydra, HydraConfig.instance().cfg, getbase())
        compose(["model=gru"])
        refused("model=gur")
        run_multirun(["seed=1,2"], lambda job: compose(["seed=3"]).experiment.seed)
        assert (GlobalHydra.instance().hydra, HydraConfig.instance().cfg, getbase()) == before
        assert hydra_compose("config").answer == 42
    assert not GlobalHydra.instance().is_initialized()


def test_folders_and_parsing():
    assert conf_folders() == [paths.conf_dir()]
    assert GROUPS == ["data", "experiment", "logger", "model", "optimizer", "scheduler", "task", "trainer"]
    assert parse(["seed=1"])[0].value() == 1


def test_a_data_folder_is_kept_as_an_absolute_path_and_an_address_as_it_is(tmp_path: Path):
    assert compose(["data.directory=sets"]).experiment.data.directory == str(tmp_path / "sets")
    address = "https://me:secret@example.org/sets"
    assert compose([f"data.directory='{address}'"]).experiment.data.directory == address
