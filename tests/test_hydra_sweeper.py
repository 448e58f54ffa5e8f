"""The Hydra door: what its grammar says of several values is what is searched, and a mistake costs nothing."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from hydra_plugins.seqlab_sweeper._wording import in_hydras_words
from seqlab.choices import conf_folders
from seqlab.cli.parsing import run_train
from seqlab.compose import run_multirun
from seqlab.compose.overrides import parse
from seqlab.compose.session import hydra_session
from seqlab.compose.several import searched
from seqlab.config.build import to_plain
from seqlab.errors import ConfigError, UserError
from seqlab.sweep.loading import settings_of

ROOT = Path(__file__).parents[1]
SMALL = ["data=archive", "data.name=ItalyPowerDemand", "logger=none"]
OURS = ["hydra/sweeper=seqlab", "hydra.sweep.dir=out"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


# What the forms mean


def space_of(*words: str) -> dict[str, dict[str, Any]]:
    return searched(parse(words), conf_folders()).space


@pytest.mark.parametrize(
    "values",
    [
        "1,2,3", "choice(1,2,3)", "choice(true,false)", "choice(lstm,gru)", "0.1,0.2", "choice('a b',c)",
        "range(1,4)", "range(4)", "range(1,10,3)", "range(16,129,16)", "range(0,1,0.25)", "range(0,1,0.1)",
        "range(5,1,-2)", "range(-3,3)", "range(1,2)", "range(0.5,2)", "float(range(1,4))", "int(range(1.5,9.5,2))",
        "sort(3,1,2)", "sort(choice(b,a))", "sort(range(1,5),reverse=true)", "sort(range(10,1,-3))",
        "bool(choice(0,1))", "int(1.5,2.5)", "str(1,2)", "null,5", "tag(choice(1,2))",
    ],
)  # fmt: skip
def test_listed_values_are_those_that_hydras_own_sweeper_would_run(values):
    (override,) = OverridesParser.create().parse_overrides([f"seed={values}"])
    theirs = [getattr(value, "text", value) for value in override.sweep_iterator()]
    found = space_of(f"seed={values}")["seed"]
    if found["type"] == "categorical":
        ours = found["choices"]
    else:
        ours = list(range(found["low"], found["high"] + 1, found.get("step", 1)))
    assert [(type(value), value) for value in ours] == [(type(value), value) for value in theirs]


@pytest.mark.parametrize("values", ["choice(3,1,2,5,4)", "3,1,2,5,4", "range(9,0,-1)", "range(0,1,0.1)"])
def test_what_is_shuffled_keeps_its_order_so_that_the_same_command_asks_the_same(values):
    asked = [space_of(f"seed=shuffle({values})") for _ in range(5)]
    assert asked == [space_of(f"seed={values}")] * 5


def test_a_rising_range_of_whole_numbers_has_an_order_that_a_sampler_can_use():
    assert space_of("seed=range(1,4)") == {"seed": {"type": "int", "low": 1, "high": 3}}
    assert space_of("seed=range(1,9,3)") == {"seed": {"type": "int", "low": 1, "high": 7, "step": 3}}
    assert space_of("seed=tag(log,range(1,65))") == {
        "seed": {"type": "int", "low": 1, "high": 64, "log": True}
    }


@pytest.mark.parametrize(
    ("values", "kind", "low", "high", "log"),
    [
        ("interval(0,1)", "float", 0.0, 1.0, False),
        ("interval(16,128)", "float", 16.0, 128.0, False),  # an interval is of floats unless it is cast
        ("float(interval(16,128))", "float", 16.0, 128.0, False),
        ("int(interval(16,128))", "int", 16, 128, False),
        ("int(interval(1.5,3.7))", "int", 1, 3, False),
        ("tag(log,int(interval(16,128)))", "int", 16, 128, True),
        ("int(tag(log,interval(16,128)))", "int", 16, 128, True),
        ("tag(log,interval(1e-4,1e-1))", "float", 1e-4, 1e-1, True),
    ],
)
def test_an_interval_is_a_range_with_both_ends(values, kind, low, high, log):
    found = space_of(f"optimizer.lr={values}")["optimizer.lr"]
    assert found == {"type": kind, "low": low, "high": high, "log": log}
    assert type(found["low"]) is (int if kind == "int" else float)


@pytest.mark.parametrize("pattern", ["*_stacked", "[gru,lstm]", "*,exclude=[*stacked,bi*]"])
def test_a_group_is_chosen_from_the_files_that_hydra_finds(pattern):
    with hydra_session(conf_folders()) as hydra:
        parser = OverridesParser.create(config_loader=hydra.config_loader)
        (override,) = parser.parse_overrides([f"model=glob({pattern})"])
        theirs = list(override.sweep_iterator())
    assert len(theirs) > 1
    assert space_of(f"model=glob({pattern})")["model"] == {"type": "categorical", "choices": theirs}
    assert space_of("model=lstm,gru")["model"]["choices"] == ["lstm", "gru"]


def test_one_value_holds_for_every_run_and_the_last_word_for_a_key_counts():
    words = ["model=gru", "seed=1", "seed=1,2", "+optimizer.lr=0.1", "optimizer.lr=1,2", "++optimizer.lr=0.2"]
    found = searched(parse([*words, "~model.nonlinearity"]), conf_folders())
    assert list(found.space) == ["seed"]
    assert found.runs == ["model=gru", "optimizer.lr=0.2", "~model.nonlinearity"]
    assert [override.input_line for override in found.one][:2] == ["model=gru", "seed=1"]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("seed=tag(best,choice(1,2))", "the tag 'best' means nothing here"),
        ("seed=tag(int,interval(1,2))", "did you mean: int(interval(LOW,HIGH))"),
        ("seed=tag(log,choice(1,2))", "only numbers without gaps"),
        ("seed=tag(log,range(1,9,2))", "only numbers without gaps"),
        ("seed=tag(log,range(0.1,0.5,0.1))", "only numbers without gaps"),
        ("seed=tag(log,range(0,9))", "begins at 0"),
        ("optimizer.lr=tag(log,interval(-1,1))", "begins at -1"),
        ("optimizer.lr=interval(1,0.5)", "ends below its start"),
        ("optimizer.lr=interval(nan,0.5)", "ends below its start"),
        ("plugins=[a],[b]", "several settings in one value"),
        ("seed=range(4,1)", "no values"),
        ("seed=range(1,4,0)", "no values"),
        ("seed=range(0.0,1,0.0)", "no values"),
        ("optimizer.lr=range(0.0,inf)", "more than 100,000 values"),
        ("model=glob(x*)", "a pattern for some of"),
    ],
)
def test_what_means_nothing_here_is_refused(word, said):
    with pytest.raises(UserError, match="allowed:") as caught:
        space_of(word)
    assert said in str(caught.value) and len(str(caught.value).splitlines()) <= 3


# What the engine is asked


@pytest.fixture
def ask() -> Callable[..., tuple[dict[str, Any], list[str]]]:
    """Gives a command to Hydra; returns the settings and the runs' words that reach the engine."""

    def asked(*words: str, config_dir: Path | None = None) -> tuple[dict[str, Any], list[str]]:
        calls: list[tuple[dict[str, Any], list[str]]] = []

        def search(plain, runs):
            calls.append((dict(plain), list(runs)))
            return 7

        assert run_multirun([*OURS, *words], lambda job: pytest.fail("a job"), config_dir, search) == 7
        ((plain, runs),) = calls
        assert plain.pop("dir") == "out" or "hydra.sweep.dir" in " ".join(words)
        return plain, runs

    return asked


def test_without_settings_it_is_the_sweep_that_an_empty_file_describes(ask):
    plain, runs = ask("model=gru", "model.num_layers=1,2", "trainer.max_epochs=3")
    assert runs == ["model=gru", "trainer.max_epochs=3"]
    assert plain.pop("space") == {"model.num_layers": {"type": "categorical", "choices": [1, 2]}}
    assert plain.pop("name") == "out"
    expected = to_plain(settings_of({}))
    assert plain == {key: expected[key] for key in plain}
    assert expected.keys() - plain.keys() <= {"space", "name", "dir"}


@pytest.mark.parametrize(
    ("words", "there"),
    [
        (["budget.trials=40", "budget.hours=1.5"], {"budget": {"trials": 40, "hours": 1.5}}),
        (["workers=2", "force=true", "question='Is it so?'"], {"workers": 2, "force": True, "question": "Is it so?"}),
        (["sampler=random", "sampler.seed=3"], {"sampler": "random", "sampler.seed": 3}),
        (["sampler.seed=3", "sampler.name=qmc"], {"sampler": {"name": "qmc", "seed": 3}}),
        (["sampler={name: qmc, seed: 5}"], {"sampler": {"name": "qmc", "seed": 5}}),
        (["pruner=median", "pruner.warmup_epochs=2"], {"pruner": {"name": "median", "warmup_epochs": 2}}),
        (["objective=validation.loss"], {"objective": {"metric": "validation.loss"}}),
        (["objective.metric=validation.loss"], {"objective": {"metric": "validation.loss"}}),
        (["objective=[validation.loss,cost.flops]"], {"objective": ["validation.loss", "cost.flops"]}),
        (["constraints=['cost.parameters <= 2000']"], {"constraints": ["cost.parameters <= 2000"]}),
        (["constraints='cost.parameters <= 2000'"], {"constraints": ["cost.parameters <= 2000"]}),
        (["trial.timeout=9", "wandb.trials=best"], {"trial": {"timeout": 9}, "wandb": {"trials": "best"}}),
        (["storage=sqlite:///${model.cell}.db"], {"storage": "sqlite:///gru.db"}),
        (["name=${data.kind}-1"], {"name": "archive-1"}),
    ],
)  # fmt: skip
def test_settings_are_those_of_a_sweeps_file(ask, words, there):
    plain, _ = ask("model=gru", "data=archive", "seed=1,2", *(f"hydra.sweeper.{word}" for word in words))
    own = {key: value for key, value in there.items() if "." in key}
    expected = to_plain(settings_of({k: v for k, v in there.items() if k not in own}, own))
    assert {key.partition(".")[0]: plain[key.partition(".")[0]] for key in there} == {
        key.partition(".")[0]: expected[key.partition(".")[0]] for key in there
    }


def test_yaml_files_may_choose_the_sweeper_its_settings_and_the_space(ask, here):
    (here / "mine" / "experiment").mkdir(parents=True)
    (here / "mine" / "experiment" / "search.yaml").write_text(
        "# @package _global_\n"
        "defaults: [override /hydra/sweeper: seqlab, override /model: gru]\n"
        "hydra:\n"
        "  sweep: {dir: 'runs/${model.cell} (all)'}\n"
        "  sweeper:\n"
        "    sampler: random\n"
        "    objective: [validation.loss, metric: cost.flops]\n"
        "    budget: {trials: 3, epochs: 50}\n"
        "    params:\n"
        "      model.num_layers: range(1,3)\n"
        "      model.hidden_size: tag(log,int(interval(4,8)))\n"
        "      seed: 5\n"
    )
    calls = []
    words = [
        "experiment=search",
        "model.num_layers=2",
        "hydra.sweeper.sampler.seed=4",
        "hydra.sweeper.budget.epochs=9",
    ]
    code = run_multirun(words, print, here / "mine", lambda plain, runs: calls.append((plain, runs)) or 0)
    ((plain, runs),) = calls
    assert code == 0
    assert runs == ["seed=5", "experiment=search", "model.num_layers=2"]
    assert plain["space"] == {"model.hidden_size": {"type": "int", "low": 4, "high": 8, "log": True}}
    assert (plain["dir"], plain["name"]) == ("runs/gru (all)", "gru-all")
    assert plain["budget"] == {"trials": 3, "hours": None, "epochs": 9}
    assert [objective["metric"] for objective in plain["objective"]] == ["validation.loss", "cost.flops"]
    assert (plain["sampler"]["name"], plain["sampler"]["seed"]) == ("random", 4)


def test_the_yaml_of_the_documentation_is_what_it_says(here):
    document = (ROOT / "docs" / "hydra-sweeper.md").read_text()
    (block,) = re.findall(r"```yaml\n(.*?)```", document, re.DOTALL)
    (here / "my_conf" / "experiment").mkdir(parents=True)
    (here / "my_conf" / "experiment" / "search.yaml").write_text(block)
    calls = []
    run_multirun(["experiment=search"], print, here / "my_conf", lambda *asked: calls.append(asked) or 0)
    ((plain, runs),) = calls
    assert runs == ["trainer.max_epochs=20", "experiment=search"]
    assert list(plain["space"]) == ["model", "model.hidden_size"]
    assert (plain["dir"], plain["budget"]["trials"], plain["sampler"]["name"]) == (
        "runs/search",
        40,
        "random",
    )


def test_a_large_product_of_choices_is_left_to_the_engine(ask):
    words = ["seed=range(0,60000)", "model.hidden_size=range(4,4000)", "model=glob(*)", "optimizer=glob(*)"]
    plain, _ = ask(*words, "scheduler=glob(*)")
    assert list(plain["space"]) == ["seed", "model.hidden_size", "model", "optimizer", "scheduler"]


def test_a_key_that_only_a_searched_choice_has_may_be_set(ask, here):
    (here / "mine" / "model").mkdir(parents=True)
    (here / "mine" / "model" / "tiny.yaml").write_text("cell: rnn\n")
    _, runs = ask("model=tiny,lstm", "model.hidden_size=3", config_dir=here / "mine")
    assert runs == ["model.hidden_size=3"]


def test_without_our_sweeper_several_values_are_jobs_as_ever():
    seeds = run_multirun(["seed=1,2", "hydra.sweep.dir=out"], lambda job: job.experiment.seed, None, print)
    assert seeds == [1, 2]


# Mistakes


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hydra.sweeper.budget.trails=3"], "did you mean: hydra.sweeper.budget.trials"),
        (["hydra.sweeper.budgt=3"], "did you mean: hydra.sweeper.budget"),
        (["hydra.sweeper.n_trials=3"], "did you mean: hydra.sweeper.budget.trials"),
        (["hydra.sweeper.dir=out"], "did you mean: hydra.sweep.dir"),
        (["hydra.sweeper.space={}"], "python sweep.py"),
        (["budget.trials=3"], "did you mean: hydra.sweeper.budget.trials"),
        (["hydra.sweeper.sampler=tpee"], "hydra.sweeper.sampler.name: 'tpee' is not allowed"),
        (["hydra.sweeper.workers=0"], "hydra.sweeper.workers: 0 is not allowed"),
        (["hydra.sweeper.workers=1,2"], "hydra.sweeper.workers: '1,2' is several values"),
        (["hydra.sweeper.objective.metric=accuracy"], "hydra.sweeper.objective.0.metric"),
        (["hydra.sweeper.constraints=['model.num_layers > 3']"], "hydra.sweeper.constraints: none of"),
        (["hydra.sweeper.pruner=median", "hydra.sweeper.objective=cost.flops"], "hydra.sweeper.pruner.name"),
        (["hydra.sweeper.name=../out"], "hydra.sweeper.name: '../out' is not allowed"),
        (["hydra.sweeper.sampler=grid", "optimizer.lr=interval(0.1,0.2)"], "choice(...) or range(...)"),
        (["hydra.sweep.dirr=x"], "did you mean: hydra.sweep.dir"),
        (["model.num_layrs=1,2"], "did you mean: model.num_layers"),
        (["model.num_layers=0,2"], "error: model.num_layers: 0 is not allowed"),
        (["model.hidden_size=interval(16,128)"], "'model.hidden_size=int(interval(16,128))'"),
        (["model=order_free,gru", "model.cell=rnn,gru"], "in a file (python sweep.py), when: CONDITION"),
        (["model.hiden_size=3"], "did you mean: model.hidden_size"),
        (["evaluate_test=true"], "never reads test data"),
        (["name=a,b"], "error: name: says which run it is"),
        (["model={cell: gru}", "model.num_layers=1,2"], "model"),
        (["hydra/sweeper=seqlab", "~hydra.sweeper.budget"], "hydra.sweeper.budget"),
        (["hydra/launcher=joblib"], "hydra/launcher"),
        (["hydra/sweeper=optuna"], "hydra/sweeper=seqlab, which searches with Optuna"),
    ],
)
def test_a_mistake_is_answered_in_three_lines_and_leaves_nothing(here, words, said):
    several = (
        []
        if any("," in word and not word.startswith("hydra") for word in words)
        else ["model.num_layers=1,2"]
    )
    with pytest.raises(UserError) as caught:
        run_train(["-m", *OURS, *SMALL, *several, *words], command="python train.py")
    shown = f"error: {caught.value}"
    assert said in shown and len(shown.splitlines()) <= 3
    assert list(here.iterdir()) == []


def test_nothing_to_search_is_said_with_an_example():
    with pytest.raises(UserError, match=r"nothing to search\nallowed: .*choice\(1,2,3\)"):
        run_train(["-m", *OURS, "seed=1"], command="python train.py")


def test_the_engines_words_become_those_of_the_command_line(here):
    (here / "out").mkdir()
    (here / "out" / "mine.txt").write_text("x")
    with pytest.raises(UserError, match=r"^hydra\.sweep\.dir: .*out holds files"):
        run_train(["-m", *OURS, *SMALL, "seed=1,2"], command="python train.py")
    assert [path.name for path in (here / "out").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UserError("space.model.num_layers: no\nallowed: yes"), "model.num_layers: no\nallowed: yes"),
        (
            UserError("storage: no\nallowed: sweep.dir on a disk, or storage=URL, or force=true"),
            "hydra.sweeper.storage: no\n"
            "allowed: hydra.sweep.dir on a disk, or hydra.sweeper.storage=URL, or hydra.sweeper.force=true",
        ),
        (UserError("data.name: no\nallowed: workers"), "data.name: no\nallowed: workers"),
        (ConfigError("space.model.num_layers.high", 3, "trial"), "model.num_layers: 3 is not allowed\nallowed: trial"),
        (ConfigError("model.cell", "x", "gru"), "model.cell: 'x' is not allowed\nallowed: gru"),
    ],
)  # fmt: skip
def test_errors_are_said_in_hydras_words(error, said):
    space = {"model": {"type": "categorical"}, "model.num_layers": {"type": "int"}}
    with pytest.raises(type(error)) as caught, in_hydras_words(space):
        raise error
    assert str(caught.value) == said


def test_other_launchers_and_objects_to_be_made_are_refused(ask, here):
    (here / "mine" / "hydra" / "launcher").mkdir(parents=True)
    (here / "mine" / "hydra" / "launcher" / "other.yaml").write_text(
        "_target_: hydra_plugins.other.Launcher\n"
    )
    with pytest.raises(UserError, match=r"hydra/launcher: 'hydra_plugins\.other\.Launcher'.*\n.*workers"):
        ask("seed=1,2", "hydra/launcher=other", config_dir=here / "mine")
    (here / "mine" / "experiment").mkdir()
    (here / "mine" / "experiment" / "old.yaml").write_text(
        "# @package _global_\nhydra: {sweeper: {sampler: {_target_: optuna.samplers.TPESampler, seed: 1}}}\n"
    )
    with pytest.raises(UserError, match=r"hydra\.sweeper\.sampler\._target_: there is no such key"):
        ask("seed=1,2", "experiment=old", config_dir=here / "mine")


def test_a_mistake_ends_the_command_with_exit_code_two(here):
    command = [sys.executable, str(ROOT / "train.py"), "-m", *OURS, "seed=1,2", "hydra.sweeper.workers=0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: hydra.sweeper.workers: 0") and len(done.stderr.splitlines()) <= 3
    assert list(here.iterdir()) == []


# Beside other apps


def test_hydra_imports_it_in_every_app_so_it_imports_nothing_heavy():
    heavy = {
        "torch",
        "optuna",
        "sqlalchemy",
        "pytorch_lightning",
        "wandb",
        "numpy",
        "pyarrow",
        "rich",
        "filelock",
    }
    check = (
        "import sys; from hydra.core.plugins import Plugins; Plugins.instance();"
        "assert 'hydra_plugins.seqlab_sweeper.sweeper' in sys.modules;"
        f"print(sorted({heavy} & {{name.split('.')[0] for name in sys.modules}}),"
        "[name for name in sys.modules if name.startswith(('seqlab.sweep', 'seqlab.compose'))])"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("[] []", "")


def test_another_app_is_told_whose_training_this_searches(here):
    (here / "conf").mkdir()
    (here / "conf" / "config.yaml").write_text("x: 1\n")
    (here / "app.py").write_text(
        "import hydra\n"
        "@hydra.main(version_base='1.3', config_path='conf', config_name='config')\n"
        "def main(config): print('x is', config.x)\n"
        "main()\n"
    )

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "app.py", *words], capture_output=True, text=True, timeout=60)

    refused = call("-m", "hydra/sweeper=seqlab", "x=1,2")
    assert refused.returncode == 1 and "Traceback" not in refused.stderr and not refused.stdout
    assert "not that of another app" in refused.stderr.splitlines()[0]
    for words, said in ((["-m", "x=1,2"], ["x is 1", "x is 2"]), (["hydra/sweeper=seqlab"], ["x is 1"])):
        done = call(*words)
        assert done.returncode == 0, done.stderr
        assert [line for line in done.stdout.splitlines() if line.startswith("x is")] == said


def test_without_m_the_sweeper_is_harmless(capsys):
    words = [
        "hydra/sweeper=seqlab",
        "hydra.sweeper.budget.trials=3",
        "hydra.sweeper.sampler=random",
        "--cfg",
        "job",
    ]
    assert run_train(words, command="python train.py") == 0
    assert "budget" not in capsys.readouterr().out
