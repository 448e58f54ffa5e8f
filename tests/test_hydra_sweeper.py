"""The Hydra door: what its grammar says of several values is what is searched, and a mistake costs nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from seqlab.compose.several import space_and_runs
from seqlab.errors import UserError

ROOT = Path(__file__).parents[1]


def searched(word: str) -> dict:
    space, runs = space_and_runs([word], None)
    assert runs == []
    return space[word.partition("=")[0]]


@pytest.mark.parametrize(
    "values",
    [
        "1,2,3", "choice(1,2,3)", "choice(true,false)", "choice(lstm,gru)", "0.1,0.2", "choice('a b',c)",
        "range(1,4)", "range(4)", "range(1,10,3)", "range(16,129,16)", "range(0,1,0.25)", "range(5,1,-2)",
        "float(range(1,4))", "sort(3,1,2)", "sort(range(1,5),reverse=true)", "bool(choice(0,1))", "int(1.5,2.5)",
        "str(1,2)", "null,5",
    ],
)  # fmt: skip
def test_listed_values_are_those_that_hydras_own_sweeper_would_run(values):
    (override,) = OverridesParser.create().parse_overrides([f"seed={values}"])
    theirs = [getattr(value, "text", value) for value in override.sweep_iterator()]
    found = searched(f"seed={values}")
    if found["type"] == "categorical":
        ours = found["choices"]
    else:
        ours = list(range(found["low"], found["high"] + 1, found.get("step", 1)))
    assert [(type(value), value) for value in ours] == [(type(value), value) for value in theirs]


def test_a_rising_range_of_whole_numbers_has_an_order_that_a_sampler_can_use():
    assert searched("seed=range(1,4)") == {"type": "int", "low": 1, "high": 3}
    assert searched("seed=range(1,9,3)") == {"type": "int", "low": 1, "high": 7, "step": 3}


@pytest.mark.parametrize(
    ("values", "kind", "low", "high", "log"),
    [
        ("interval(0,1)", "float", 0.0, 1.0, False),
        ("interval(16,128)", "float", 16.0, 128.0, False),  # an interval is of floats unless it is cast
        ("int(interval(16,128))", "int", 16, 128, False),
        ("tag(log,int(interval(16,128)))", "int", 16, 128, True),
        ("int(tag(log,interval(16,128)))", "int", 16, 128, True),
        ("tag(log,interval(1e-4,1e-1))", "float", 1e-4, 1e-1, True),
    ],
)
def test_an_interval_is_a_range_with_both_ends(values, kind, low, high, log):
    found = searched(f"optimizer.lr={values}")
    assert found == {"type": kind, "low": low, "high": high, "log": log}
    assert type(found["low"]) is (int if kind == "int" else float)


def test_a_group_is_chosen_from_its_files():
    assert searched("model=lstm,gru")["choices"] == ["lstm", "gru"]
    assert searched("model=glob(*_stacked)")["choices"] == [
        f"{name}_stacked" for name in ("bigru", "bilstm", "birnn", "gru", "lstm", "rnn")
    ]


def test_one_value_holds_for_every_run():
    space, runs = space_and_runs(
        ["model=gru", "seed=1,2", "+optimizer.lr=0.1", "++trainer.max_epochs=3"], None
    )
    assert list(space) == ["seed"] and runs == ["model=gru", "optimizer.lr=0.1", "trainer.max_epochs=3"]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("seed=tag(best,choice(1,2))", "the tag 'best' means nothing here"),
        ("seed=tag(log,choice(1,2))", "only a range of numbers"),
        ("plugins=[a],[b]", "several settings in one value"),
    ],
)
def test_what_means_nothing_here_is_refused(word, said):
    with pytest.raises(UserError, match="allowed:") as caught:
        space_and_runs([word], None)
    assert said in str(caught.value) and len(str(caught.value).splitlines()) <= 3


def command(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "train.py"), "-m", "hydra/sweeper=seqlab", "hydra.sweep.dir=out", *words],
        cwd=place, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["model.num_layers=1,2", "hydra.sweeper.budget.trails=3"], "budget.trials"),
        (["model.num_layers=1,2", "hydra.sweeper.sampler.name=tpee"], "did you mean: tpe"),
        (["model.num_layers=1,2", "hydra.sweeper.workers=0"], "at least 1"),
        (["model.num_layrs=1,2"], "model.num_layers"),
        (["model.num_layers=0,2"], "at least 1"),
        (["model.num_layers=1,2", "model.hiden_size=3"], "model.hidden_size"),
        (["seed=1"], "nothing to search"),
        (["evaluate_test=true,false"], "evaluate_test"),
        (["model.num_layers=1,2", "model.num_layers=3"], "model.num_layers"),
    ],
)
def test_a_mistake_ends_in_three_lines_and_leaves_nothing(tmp_path, words, said):
    done = command(tmp_path, *words)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr and len(done.stderr.splitlines()) <= 3 and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_hydra_imports_it_in_every_app_so_it_imports_nothing_heavy():
    check = (
        "import sys; import hydra_plugins.seqlab_sweeper.sweeper;"
        "print(sorted({'torch', 'optuna', 'sqlalchemy', 'pytorch_lightning', 'wandb', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_another_app_is_told_whose_training_this_searches(tmp_path):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "config.yaml").write_text("x: 1\n")
    (tmp_path / "app.py").write_text(
        "import hydra\n@hydra.main(version_base='1.3', config_path='conf', config_name='config')\n"
        "def main(config): return config.x\n"
        "main()\n"
    )
    words = ["-m", "hydra/sweeper=seqlab", "x=1,2"]
    done = subprocess.run(
        [sys.executable, "app.py", *words], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0 and "not that of another app" in done.stderr
    plain = subprocess.run(
        [sys.executable, "app.py", "-m", "x=1,2"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert plain.returncode == 0, plain.stderr
