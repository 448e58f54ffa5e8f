"""A sweep's file and the words of a command line: whose each word is, which one wins, and what is refused."""

import textwrap
from pathlib import Path

import pytest

from seqlab import paths
from seqlab.errors import UserError
from seqlab.sweep.catalogue import find_sweep, question_in, sweep_files
from seqlab.sweep.definition import Arm, Sweep
from seqlab.sweep.loading import load_sweep

FILE = """\
    question: Which?
    fixed: [model.hidden_size=16, seed=5, logger=none]
    arms:
      lstm: [model=lstm]
      gru: [model=gru, trainer.threads=2]
    space:
      optimizer.lr: {low: 1e-4, high: 1e-1, log: true}
      model.dropout: {low: 0, high: 0.5}
    objective: validation.loss
    sampler: random
    budget: {trials: 7}
    """


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(paths, "local_conf_dirs", list)
    (tmp_path / "own.yaml").write_text(textwrap.dedent(FILE), encoding="utf-8")
    return tmp_path


def load(*words: str) -> Sweep:
    return load_sweep(["sweep=own.yaml", *words], None, ["python", "sweep.py", *words])


def refused(*words: str, file: str | None = None) -> str:
    if file is not None:
        Path("own.yaml").write_text(textwrap.dedent(file), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load(*words)
    assert len(str(caught.value).splitlines()) <= 3
    return str(caught.value)


def test_a_file_alone(here: Path):
    sweep = load()
    assert (sweep.name, sweep.directory) == ("own", here / "runs" / "sweeps" / "own")
    assert sweep.fixed == ("model.hidden_size=16", "seed=5", "logger=none")
    assert sweep.arms == (
        Arm(name="lstm", overrides=("model=lstm",)),
        Arm(name="gru", overrides=("model=gru", "trainer.threads=2")),
    )
    assert (sweep.config.sampler.name, sweep.config.budget.trials) == ("random", 7)
    assert [objective.metric for objective in sweep.config.objective] == ["validation.loss"]
    assert list(sweep.config.space) == ["optimizer.lr", "model.dropout"]


def test_without_arms_there_is_one(here: Path):
    (here / "own.yaml").write_text("space: {seed: {type: int, low: 0, high: 9}}")
    assert load().arms == (Arm(name="all", overrides=()),)


def test_every_word_goes_where_it_belongs(here: Path):
    sweep = load(
        "budget.trials=40",
        "workers=2",
        "trial.timeout=60",
        "wandb.trials=none",
        "storage=postgresql://me:hunter2@host/db",
        "sampler=tpe",
        "sampler.seed=3",
        "pruner={name: median, warmup_epochs: 2}",
        "objective.metric=validation.f1_macro",
        "objective.direction=maximize",
        "force=true",
        "sweep.dir=out",
        "sweep.name=mine",
        "trainer.max_epochs=3",
        "logger.wandb.group=x",
        "name=y",
    )
    config = sweep.config
    assert (sweep.name, config.name, sweep.directory) == ("mine", "mine", here / "out")
    assert (config.budget.trials, config.workers, config.trial.timeout) == (40, 2, 60.0)
    assert (config.sampler.name, config.sampler.seed, config.wandb.trials) == ("tpe", 3, "none")
    assert (config.pruner.name, config.pruner.warmup_epochs, config.force) == ("median", 2, True)
    assert config.objective[0].metric == "validation.f1_macro"
    assert config.storage == "postgresql://me:hunter2@host/db"
    assert sweep.fixed[3:] == ("trainer.max_epochs=3", "logger.wandb.group=x", "name=y")
    assert "hunter2" not in " ".join(sweep.command)
    assert "budget.trials=40" in sweep.command


def test_the_command_line_wins_over_fixed():
    assert load("seed=1", "++logger=csv").fixed == ("model.hidden_size=16", "seed=1", "++logger=csv")
    assert load("~seed").fixed == ("model.hidden_size=16", "logger=none", "~seed")


def test_objectives_anew():
    sweep = load("objective=[validation.accuracy,cost.parameters]")
    assert [objective.metric for objective in sweep.config.objective] == [
        "validation.accuracy",
        "cost.parameters",
    ]
    sweep = load("objective=[{metric: cost.flops, direction: maximize}]")
    assert sweep.config.objective[0].direction == "maximize"


def test_names_are_looked_up_here_and_then_among_the_shipped(here: Path):
    assert find_sweep("smoke") == paths.sweeps_dir() / "smoke.yaml"
    (here / "sweeps").mkdir()
    (here / "sweeps" / "smoke.yaml").write_text("question:\n  Mine?  \n")
    assert find_sweep("smoke") == here / "sweeps" / "smoke.yaml"
    assert find_sweep("own.yaml") == Path("own.yaml")
    assert question_in(sweep_files()["smoke"]) == "Mine?"
    (here / "sweeps" / "torn.yaml").write_text("question: [")
    assert "torn.yaml: line 1" in question_in(sweep_files()["torn"])


@pytest.mark.parametrize(
    ("words", "hints"),
    [
        ([], ["which one?", "smoke", "depth_width_direction"]),
        (["sweep=null"], ["which one?"]),
        (["sweep=smok"], ["'smok'", "did you mean: sweep=smoke"]),
        (["sweep=archtectures.yaml"], ["no file", "did you mean: sweep=architectures"]),
        (["sweep=smoke,architectures"], ["several values"]),
    ],
)
def test_a_sweep_that_is_not_there(words: list[str], hints: list[str]):
    with pytest.raises(UserError) as caught:
        load_sweep(words, None, [])
    assert all(hint in str(caught.value) for hint in hints)


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("budget.trails=3", "did you mean: budget.trials"),
        ("budgt.trials=3", "did you mean: budget.trials"),
        ("worker=3", "did you mean: workers"),
        ("sweep.dri=x", "did you mean: sweep.dir"),
        ("objective.metrc=x", "did you mean: objective.metric"),
        ("objective.metric=validation.acuracy", "did you mean: validation.accuracy"),
        ("objective=test.accuracy", "did you mean: validation.accuracy"),
        ("objective=[validation.loss,validation.loss]", "every metric once"),
        ("budget.trials=0", "at least 1"),
        ("budget.trials=many", "an integer"),
        ("budget.trials=1,2", "several values"),
        ("sampler=tpee", "did you mean: tpe"),
        ("sampler=grid", "goes through every value"),
        ("workers=0", "at least 1"),
        ("~workers", "workers=VALUE"),
        ("~sweep", "sweep=VALUE"),
        ("space.optimizer.lr.low=1", "a file of your own"),
        ("arms.x=[model=rnn]", "cannot be read"),
        ("arms={}", "a file of your own"),
        ("fixed=[]", "a file of your own"),
        ("constraints=[]", "a file of your own"),
        ("seed=1,2", "under space or arms"),
        ("model.hidden_size=range(3)", "under space or arms"),
        ("optimizer.lr=0.1", "searches (space.optimizer.lr)"),
        ("++optimizer.lr=0.1", "searches (space.optimizer.lr)"),
        ("~model.dropout", "searches (space.model.dropout)"),
        ("model=rnn", "undo what arm lstm sets (model)"),
        ("trainer.threads=1", "undo what arm gru sets (trainer.threads)"),
        ("hydra.run.dir=x", "sweep.dir=DIR"),
        ("hydra/launcher=basic", "sweep.dir=DIR"),
        ("sweep.name=a/b", "letters, digits"),
        ("key", "key=value"),
    ],
)
def test_words_that_are_refused(word: str, hint: str):
    assert hint in refused(word)


def test_one_of_several_objectives_is_not_named_by_objective():
    file = FILE.replace("validation.loss", "[validation.loss, cost.flops]")
    assert "there are several objectives" in refused("objective.metric=cost.flops", file=file)


SPACE = "space: {seed: {type: int, low: 0, high: 9}}\n"


@pytest.mark.parametrize(
    ("file", "hints"),
    [
        ("spce: {}", ["spce", "own.yaml", "did you mean: space"]),
        ("space: {seed: {type: int, low: 0, hgh: 9}}", ["space.seed.hgh", "own.yaml", "space.seed.high"]),
        ("space: {seed: {type: int, low: 9, high: 0}}", ["space.seed.high", "own.yaml"]),
        ("space: {seed: 3}", ["space.seed", "own.yaml"]),
        (SPACE + "sweep: {dir: runs/x}", ["own.yaml", "sweep.dir=DIR", "dir: DIR"]),
        ("space: {seed: {low: 0, low: 1}}", ["own.yaml", "stands twice"]),
        ("question: x", ["nothing to search"]),
        (SPACE + "fixed: [seed=3]", ["fixed: seed=3", "space.seed"]),
        (SPACE + "fixed: ['seed=1,2']", ["fixed: seed", "several values"]),
        (SPACE + "fixed: [hydra.run.dir=x]", ["fixed: hydra.run.dir"]),
        (SPACE + "fixed: [modelgru]", ["fixed: ", "key=value"]),
        (SPACE + "arms: {a: [seed=3]}", ["arms.a: seed=3", "space.seed"]),
        (SPACE + "arms: {a/b: [model=gru]}", ["arms.a/b", "name of a folder"]),
        (SPACE + "arms: {.a: [model=gru]}", ["arms..a", "name of a folder"]),
        (SPACE + "objective: cost.flops\npruner: median", ["pruner.name", "before anything trains"]),
        (
            SPACE + "objective: [validation.loss, cost.flops]\npruner: median",
            ["pruner.name", "several objectives"],
        ),
        (SPACE + "objective: accuracy", ["objective.0.metric", "did you mean: validation.accuracy"]),
        (SPACE + "constraints: [cost.parameters < many]", ["constraints: ", "wants a number"]),
        (SPACE + "name: a b", ["sweep.name", "'a b'"]),
    ],
)
def test_files_that_are_refused(file: str, hints: list[str]):
    message = refused(file=file)
    assert all(hint in message for hint in hints), message


def test_a_file_names_its_own_place(here: Path):
    (here / "own.yaml").write_text(SPACE + "dir: elsewhere\nname: mine\n")
    assert (load().name, load().directory) == ("mine", here / "elsewhere")
    assert load("sweep.dir=null").directory == here / "elsewhere"
    assert load("sweep.dir='~/x'").directory == Path.home() / "x"
