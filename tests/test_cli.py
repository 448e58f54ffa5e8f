"""The command line, from outside: exit codes, three lines, no torch, nothing written."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
import yaml

import seqlab
from seqlab.cli.help import command_help, train_help
from seqlab.cli.parsing import run_command, run_train
from seqlab.cli.training import train_one
from seqlab.compose import compose
from seqlab.config.build import build_experiment, to_plain
from seqlab.errors import UserError
from seqlab.preflight import check_start
from seqlab.results import CONFIG_HEADER

ROOT = Path(__file__).parents[1]
TRAIN = [sys.executable, str(ROOT / "train.py")]
SEQLAB = [sys.executable, "-m", "seqlab"]
HEAVY = ("torch", "pytorch_lightning", "wandb", "aeon", "sklearn", "matplotlib")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(
    command: list[str], *words: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command with an eye on what it imports."""
    python, *rest = command
    began = time.perf_counter()
    done = subprocess.run(
        [python, "-X", "importtime", *rest, *words],
        capture_output=True,
        text=True,
        env={**os.environ, **(env or {})},
    )
    lines = done.stderr.splitlines()
    imported = {
        line.rpartition("|")[2].strip().split(".")[0] for line in lines if line.startswith("import time:")
    }
    done.stderr = "\n".join(line for line in lines if not line.startswith("import time:"))
    print(f"{' '.join(words)!r}: {time.perf_counter() - began:.2f} s")
    assert not imported & set(HEAVY), imported & set(HEAVY)
    done.imported = imported  # type: ignore[attr-defined]
    return done


def refused(command: list[str], *words: str) -> str:
    done = call(command, *words)
    assert done.returncode == 2, done.stderr
    lines = done.stderr.splitlines()
    assert lines[0].startswith("error: ")
    assert len(lines) <= 3
    assert not done.stdout
    return done.stderr


@pytest.mark.parametrize("command", [TRAIN, [*SEQLAB, "train"]])
def test_help_is_light_and_complete(here: Path, command: list[str]):
    done = call(command, "--help")
    assert done.returncode == 0
    assert not done.imported & {"hydra", "omegaconf", "numpy"}  # type: ignore[attr-defined]
    for word in (
        "lstm*",
        "bigru_stacked",
        "japanese_vowels*",
        "order_free",
        "debug",
        "evaluate_test",
        "--multirun",
    ):
        assert word in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 110
    assert not list(here.iterdir())


def test_help_shows_the_users_own_choices(here: Path):
    (here / "mine" / "model").mkdir(parents=True)
    (here / "mine" / "model" / "my_model.yaml").write_text("cell: gru\n")
    assert "my_model" in train_help("seqlab train", here / "mine")
    assert "my_model" not in train_help("seqlab train")
    assert "seqlab evaluate" in command_help()


def test_examples_of_help_compose(here: Path):
    from seqlab.compose import check_sweep

    examples = train_help("seqlab train").partition("Examples")[2].strip().splitlines()
    assert len(examples) >= 5
    for example in examples:
        check_sweep([word for word in shlex.split(example)[2:] if not word.startswith("-")])


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["modle=gru"], "model"),
        (["model.hiden_size=3"], "model.hidden_size"),
        (["model=gur", "seed=1"], "gru"),
        (["+typo=1"], "typo"),
        (["data.name=my data (1).csv"], "'data.name=\"my data (1).csv\"'"),
        (["--multirnu", "seed=1,2"], "--multirun"),
        (["-m", "seed=1,x"], "an integer"),
        (["--config-dir", "nowhere"], "nowhere"),
        (["hydra.run.dirr=x"], "hydra.run.dir"),
        (["plugins=[nothing_of_the_kind]"], "nothing_of_the_kind"),
        (["init_from=nowhere"], "nowhere"),
        (["data=memory"], "from Python only"),
    ],
)
def test_mistakes_end_early(here: Path, words: list[str], hint: str):
    assert hint in refused(TRAIN, *words)
    assert not list(here.iterdir()), "nothing is written"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["trian"], "did you mean: train"),
        (["train", "--hlep"], "--help"),
        (["predict", "nowhere", "file.ts"], "nowhere"),
        (["predict", "nowhere"], "FILE"),
        (["evaluate", ".", "--part", "train"], "validation"),
        (["evaluate", ".", "--prat", "test"], "did you mean: --part"),
        (["evaluate", "."], "result.json"),
        (["check", "nothing_of_the_kind"], "nothing_of_the_kind"),
        (["check"], "PACKAGE"),
        (["train", "--cfg", "hydra"], "job"),
        (["train", "--cfg", "job", "-m"], "--multirun"),
    ],
)
def test_mistakes_in_commands(here: Path, words: list[str], hint: str):
    with pytest.raises(UserError) as caught:
        run_command(words)
    assert hint in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 3


def test_version_and_overview(here: Path, capsys: pytest.CaptureFixture[str]):
    assert run_command(["--version"]) == 0
    assert capsys.readouterr().out == f"seqlab {seqlab.__version__}\n"
    assert run_command([]) == 0
    assert "seqlab predict" in capsys.readouterr().out
    with pytest.raises(SystemExit) as left:
        run_command(["predict", "--help"])
    assert left.value.code == 0


def test_settings_are_shown_complete_redacted_and_can_be_read_back(
    here: Path, capsys: pytest.CaptureFixture[str]
):
    words = ["model=gru", "name='postgresql://me:hunter2@host/db'", "logger.wandb.tags=['password=hunter2']"]
    assert run_train(["--cfg", "job", *words], command="seqlab train") == 0
    shown = capsys.readouterr().out
    assert "hunter2" not in shown
    experiment = build_experiment(yaml.safe_load(shown))
    assert to_plain(experiment)["model"]["cell"] == "gru"
    assert not list(here.iterdir())


def test_no_secret_in_an_error(here: Path):
    assert "hunter2" not in refused(TRAIN, "logger.wandb.api_key=hunter2")
    assert "hunter2" not in refused(TRAIN, "logger.wandb.password=x(hunter2")


@pytest.mark.parametrize("way", ["command line", "python"])
def test_no_secret_in_the_command_that_is_kept(here: Path, monkeypatch: pytest.MonkeyPatch, way: str):
    from seqlab import experiment

    kept: list[str] = []

    def stop(*_: object, command: str, **__: object) -> NoReturn:
        kept.append(command)
        raise UserError("far enough")

    monkeypatch.setattr(experiment, "run", stop)
    with pytest.raises(UserError, match="far enough"):
        if way == "python":
            composed = compose(["seed=1"])
            monkeypatch.setattr("seqlab.compose.compose", lambda words: composed)
            seqlab.run(["data.password=one two; three, four", "seed=1"])
        else:
            train_one(
                compose(["seed=1"]), ["seqlab", "train", "data.password=one two; three, four", "seed=1"]
            )
    assert not re.search("one|two|three|four", kept[0]), kept
    assert "data.password=<redacted>" in kept[0] and "seed=1" in kept[0]


def test_closed_pipe_is_quiet():
    command = f"{shlex.join([*TRAIN, '--help'])} | head -1; echo ${{PIPESTATUS[0]}} >&2"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.stderr.strip() in ("0", "141")


def test_interrupted_before_the_start():
    code = "import seqlab.cli.outcome as o\ndef stop():\n raise KeyboardInterrupt\no.finish(stop)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 130
    code = (
        "import os, signal, seqlab.cli.outcome as o\no.finish(lambda: os.kill(os.getpid(), signal.SIGTERM))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 143
    code = (
        "import seqlab.cli.outcome as o\nfrom seqlab.errors import RunFailed\n"
        "def fail():\n raise RunFailed('a\\n\\nb\\nc\\nd')\n"
        "o.finish(fail)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "error: a\nb\nc\n")


# Before the start


def stored(run_dir: Path, status: str = "completed", **changed: object) -> Path:
    """A run directory as a run leaves it, with the default configuration."""
    plain = to_plain(build_experiment({})) | changed
    run_dir.mkdir(parents=True)
    (run_dir / "config.yaml").write_text(f"{CONFIG_HEADER}\n{yaml.safe_dump(plain)}")
    content = {
        "schema": 1,
        "status": status,
        "name": "x",
        "seed": 0,
        "started": "",
        "threads": 1,
        "command": "",
    }
    (run_dir / "result.json").write_text(json.dumps(content))
    return run_dir


def test_a_finished_run_with_another_configuration_is_kept(here: Path):
    run_dir = stored(here / "run", seed=3)
    with pytest.raises(UserError, match=r"seed: 3 there, 0 here"):
        check_start(build_experiment({}), run_dir)
    check_start(build_experiment({"force": True}), run_dir)
    check_start(build_experiment({"seed": 3}), run_dir)
    check_start(build_experiment({"seed": 3, "logger": {"name": "csv"}}), run_dir)
    check_start(build_experiment({}), stored(here / "failed", "failed", seed=3))
    assert "force=true" in refused(TRAIN, f"hydra.run.dir={run_dir}")


def test_a_directory_that_is_no_run_is_left_alone(here: Path):
    (here / "checkpoints").mkdir()
    for settings in ({}, {"force": True}):
        with pytest.raises(UserError, match="no run of seqlab wrote"):
            check_start(build_experiment(settings), here)
    (here / "notes").mkdir()
    (here / "notes" / "a.txt").touch()
    check_start(build_experiment({}), here / "notes")
    with pytest.raises(UserError, match="is a file"):
        check_start(build_experiment({}), here / "notes" / "a.txt" / "run")


def test_init_from_needs_weights(here: Path):
    run_dir = stored(here / "run")
    experiment = build_experiment({"init_from": str(run_dir)})
    with pytest.raises(UserError, match=r"best\.ckpt"):
        check_start(experiment, here / "new")
    (run_dir / "checkpoints").mkdir()
    (run_dir / "checkpoints" / "best.ckpt").touch()
    check_start(experiment, here / "new")
    (run_dir / "result.json").write_text("{")
    with pytest.raises(UserError, match="cannot be read"):
        check_start(experiment, here / "new")


@pytest.mark.parametrize(
    ("out", "hint"),
    [("folder.csv", "a directory"), ("file/a.csv", "is a file"), ("file/new/a.csv", "is a file")],
)
def test_a_place_for_predictions_is_looked_at_first(here: Path, out: str, hint: str):
    run_dir = stored(here / "run")
    (run_dir / "checkpoints").mkdir()
    (run_dir / "checkpoints" / "best.ckpt").touch()
    (here / "folder.csv").mkdir()
    (here / "file").write_text("no sequences")
    assert hint in refused(SEQLAB, "predict", "run", "file", "--out", out)


def test_predictions_that_cannot_be_written_are_the_users_error(here: Path, monkeypatch: pytest.MonkeyPatch):
    from seqlab import predict

    def fail(*_: object, **__: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    run_dir = stored(here / "run")
    (run_dir / "checkpoints").mkdir()
    (run_dir / "checkpoints" / "best.ckpt").touch()
    np.savez(here / "new.npz", X=np.zeros((1, 3)))
    monkeypatch.setattr(predict, "predict_file", fail)
    with pytest.raises(UserError, match=r"--out new\.csv: No space left"):
        run_command(["predict", "run", "new.npz", "--out", "new.csv"])
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(UserError, match="permission denied"):
        run_command(["predict", "run", "new.npz", "--out", "new.csv"])


def test_public_names_are_all_there():
    for name in seqlab.__all__:
        assert getattr(seqlab, name) is not None
    with pytest.raises(UserError):
        seqlab.load("nowhere")
    with pytest.raises(UserError):
        seqlab.run(["modle=gru"])


# With torch: one run from the command line to its use


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("stage", ["importing", "training"])
def test_signals_end_a_run_with_their_code(here: Path, number: signal.Signals, code: int, stage: str):
    words = ["experiment=debug", "trainer.max_epochs=100000", "hydra.run.dir=out"]
    run = subprocess.Popen([*TRAIN, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert run.stdout is not None
    if stage == "importing":
        time.sleep(2)
    else:
        next(line for line in run.stdout if line.startswith("epoch"))
    run.send_signal(number)
    said = run.communicate()[0]
    assert run.returncode == code
    assert "Traceback" not in said
    if stage == "training":
        assert json.loads((here / "out" / "result.json").read_text())["status"] == "interrupted"


@pytest.mark.slow
def test_a_run_goes_on_when_nobody_reads(here: Path):
    words = ["experiment=debug", "trainer.max_epochs=3", "hydra.run.dir=out"]
    subprocess.run(
        ["bash", "-c", f"{shlex.join([*TRAIN, *words])} | head -1"], capture_output=True, check=True
    )
    assert json.loads((here / "out" / "result.json").read_text())["status"] == "completed"


@pytest.mark.slow
def test_from_python_with_arrays(here: Path):
    rng = np.random.default_rng(0)
    y = ["up" if n % 2 else "down" for n in range(40)]
    X = [
        np.cumsum(rng.normal(1 if label == "up" else -1, 0.1, (5 + n % 4, 2)), 0) for n, label in enumerate(y)
    ]
    words = ["experiment=debug", "trainer.max_epochs=3", "~trainer.overfit_batches"]
    result = seqlab.run(words, data=(X, y), run_dir="out")
    assert result.status == "completed"
    predictions = seqlab.load(result.run_dir).predict(X[:3])
    assert len(predictions.labels) == 3
    assert set(predictions.classes) == {"up", "down"}


@pytest.mark.slow
def test_train_evaluate_and_predict(here: Path):
    words = ["experiment=debug", "trainer.max_epochs=2", "hydra.run.dir=out"]
    done = subprocess.run([*TRAIN, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    result = json.loads((here / "out" / "result.json").read_text())
    assert result["command"] == "python train.py " + " ".join(words)
    again = subprocess.run([*SEQLAB, "evaluate", "out"], capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    (accuracy,) = re.findall(r"  accuracy +(\S+)", again.stdout)
    assert float(accuracy) == result["metrics"]["validation"]["accuracy"]
    assert not (here / "out" / ".hydra").exists()


@pytest.mark.slow
def test_multirun_trains_every_job(here: Path):
    words = ["-m", "experiment=debug", "trainer.max_epochs=1", "seed=1,2", "hydra.sweep.dir=out"]
    done = subprocess.run([*TRAIN, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    seeds = [json.loads((here / "out" / str(n) / "result.json").read_text())["seed"] for n in range(2)]
    assert seeds == [1, 2]
    assert sorted(path.name for path in (here / "out").iterdir()) == ["0", "1"]
