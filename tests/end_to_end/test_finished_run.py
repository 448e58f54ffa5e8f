"""A default run on a small set, W&B offline: what it says, what it leaves, and what can be done with it."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import torch
import yaml

import seqlab
from seqlab.cli.parsing import run_command
from seqlab.config import build_experiment
from seqlab.errors import UserError
from seqlab.files import read_rows
from seqlab.readers import read_sequences
from seqlab.results import METRICS

ROOT = Path(__file__).parents[2]
DOCUMENTED = (ROOT / "docs" / "run-directory.md").read_text(encoding="utf-8")
PASSWORD, API_KEY = "hunter2-and-more", "local-" + "5ec2e7ab" * 5


@pytest.fixture
def seqlab_command(finished, tmp_path, monkeypatch, capsys):
    """`seqlab WORDS` within this process: what it printed; a refusal is raised."""
    monkeypatch.setenv("SEQLAB_CACHE", str(finished.person.cache))
    monkeypatch.chdir(tmp_path)

    def call(*words) -> str:
        assert run_command([str(word) for word in words]) == 0
        said = capsys.readouterr()
        assert said.err == ""
        return said.out

    return call


def test_it_says_what_it_should_and_nothing_else(finished):
    assert finished.process.stderr == ""
    out = finished.process.stdout.replace("https://me:<redacted>@example.org", "")  # their own word
    unwanted = (
        r"warn|deprecat|\btip\b|hint|upgrade|sign up|https?://|litlogger|user code|GPU available|metadata"
    )
    assert not re.findall(unwanted, out, re.IGNORECASE)
    for words in ("ItalyPowerDemand", "lstm", "epoch 1/2", "epoch 2/2", "majority", "wandb leet", "predict"):
        assert words in out
    assert "\x1b" not in out and "\r" not in out  # plain lines where there is no terminal


def test_the_next_commands_that_it_names_are_commands(finished):
    named = finished.process.stdout.partition("try next")[2].splitlines()
    commands = [shlex.split(line, comments=True) for line in named if line.strip()]
    assert [words for words in commands if "evaluate" in words or "predict" in words]
    for words in commands:
        for word in words:
            if "runs/train" in word:
                assert (finished.person.work / word).exists(), word


def test_nothing_else_is_left_in_the_folder(finished):
    assert finished.person.left() == {"runs"}
    assert re.fullmatch(
        r"runs/train/\d{4}-\d\d-\d\d/\d\d-\d\d-\d\d-[0-9a-f]+",
        str(finished.run_dir.relative_to(finished.person.work)),
    )
    files = {str(p.relative_to(finished.run_dir)) for p in finished.run_dir.rglob("*") if p.is_file()}
    assert {name for name in files if not name.startswith("wandb/")} == {
        "config.yaml",
        "result.json",
        "metrics.jsonl",
        "predictions.parquet",
        "checkpoints/best.ckpt",
        "checkpoints/last.ckpt",
        "figures/learning_curves.png",
        "figures/confusion_validation.png",
        "figures/confusion_test.png",
        "figures/gradient_by_time_step.png",
    }
    at_home = {p.name for p in finished.person.home.rglob("*") if p.is_file()}
    assert not [name for name in at_home if name.endswith((".netrc", "settings"))]


def test_result_json_holds_the_documented_fields(finished):
    table = DOCUMENTED.partition("## result.json")[2].partition("## metrics.jsonl")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.MULTILINE))
    result = finished.result
    assert list(result) == list(rows)
    for field in ("data", "cost", "epochs", "baselines"):
        for key in result[field]:
            assert f"`{key}`" in rows[field], (field, key)
    assert set(result["seconds"]) == {"training", "total"}
    assert set(result["metrics"]) == {"train", "validation", "test"}
    assert all(list(scores) == list(METRICS) for scores in result["metrics"].values())
    assert (result["schema"], result["status"], result["reason"], result["seed"]) == (1, "completed", None, 3)
    assert result["data"]["sizes"] == {"train": 54, "validation": 13, "test": 1029}
    assert result["command"].startswith("python train.py data=archive data.name=ItalyPowerDemand ")


def test_metrics_jsonl_has_a_documented_row_an_epoch(finished):
    rows = list(read_rows(finished.run_dir / "metrics.jsonl"))
    documented = re.search(r"`\{(\"epoch\": 1.*)\}`", DOCUMENTED)
    assert documented is not None
    assert [row["epoch"] for row in rows] == [1, 2]
    assert list(rows[0]) == re.findall(r'"(\w+)": ', documented[1])
    best = rows[finished.result["epochs"]["best"] - 1]
    assert best["train"] == finished.result["metrics"]["train"]


def test_config_yaml_is_complete_and_builds_the_same_experiment(finished):
    plain = yaml.safe_load((finished.run_dir / "config.yaml").read_text(encoding="utf-8"))
    experiment = build_experiment(plain)
    assert (experiment.seed, experiment.model.hidden_size, experiment.trainer.max_epochs) == (3, 8, 2)
    assert "<redacted>" in (experiment.data.directory or "")


@pytest.mark.parametrize("secret", [PASSWORD, API_KEY])
def test_no_secret_is_in_any_file_or_on_the_screen(finished, secret):
    for path in [*finished.run_dir.rglob("*"), *finished.person.home.rglob("*")]:
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path
    assert secret not in finished.process.stdout


def test_the_wandb_run_tells_the_same(finished, wandb_records):
    records = wandb_records(finished.run_dir)

    def of(kind):
        return [r[kind] for r in records if r["type"] == kind]

    result = finished.result
    (run,) = of("run")
    config = run["config"]["update"]
    stored = yaml.safe_load((finished.run_dir / "config.yaml").read_text(encoding="utf-8"))
    assert {key: config[key] for key in ("seed", "model", "data", "trainer")} == {
        key: stored[key] for key in ("seed", "model", "data", "trainer")
    }
    assert run["display_name"] == result["name"]
    assert run["tags"] == ["lstm", "unidirectional", "1 layer", "ItalyPowerDemand", "seed 3", "mine"]
    assert (run["run_group"], run["job_type"], run["project"]) == ("a pilot", "train", "seqlab")

    rows = [h["item"] for h in of("history") if "validation/loss" in h["item"]]
    for row, written in zip(rows, read_rows(finished.run_dir / "metrics.jsonl"), strict=True):
        assert row["epoch"] == written["epoch"] and row["lr"] == written["lr"]
        for part in ("train", "validation"):
            for name, value in written[part].items():
                assert row[f"{part}/{name}"] == value

    summary: dict = {}
    for record in of("summary"):
        summary |= record.get("update", {})
    for part, scores in result["metrics"].items():
        for name, value in scores.items():
            assert summary[f"{part}.{name}"] == value
    assert summary["cost.parameters"] == result["cost"]["parameters"]
    assert summary["epochs.best"] == result["epochs"]["best"]
    assert summary["status"] == "completed"
    assert of("exit") and not of("exit")[0].get("exit_code")

    folder = next((finished.run_dir / "wandb").glob("offline-run-*")) / "files"
    matrix = json.loads((folder / summary["confusion_matrix_table.path"]).read_text(encoding="utf-8"))
    predictions = json.loads((folder / summary["predictions.path"]).read_text(encoding="utf-8"))
    table = pq.read_table(finished.run_dir / "predictions.parquet")
    assert predictions["columns"] == table.column_names
    assert predictions["data"] == [list(row.values()) for row in table.to_pylist()]
    test = [row for row in table.to_pylist() if row["split"] == "test"]
    for true, predicted, count in matrix["data"]:
        assert count == sum((row["true"], row["predicted"]) == (true, predicted) for row in test)

    (model,) = [a for a in of("artifact") if a["type"] == "model"]
    (content,) = model["manifest"]["contents"]
    kept = Path(content["local_path"])
    assert kept.read_bytes() == (finished.run_dir / "checkpoints" / "best.ckpt").read_bytes()


@pytest.mark.parametrize("part", ["validation", "test"])
def test_evaluate_gives_the_numbers_of_result_json(finished, seqlab_command, part):
    out = seqlab_command("evaluate", finished.run_dir, "--part", part)
    found = dict(re.findall(r"^  (\w+) +(\S+)", out, re.MULTILINE))
    assert found == {name: repr(value) for name, value in finished.result["metrics"][part].items()}
    assert f"{finished.result['data']['sizes'][part]:,}" in out


def test_test_data_are_unread_until_they_are_asked_for(small, archive, tmp_path, monkeypatch):
    monkeypatch.setenv("SEQLAB_CACHE", str(tmp_path / "cache"))
    name = "ItalyPowerDemand"
    (tmp_path / "sets").mkdir()
    train = (archive / name / f"{name}_TRAIN.ts").read_bytes()
    (tmp_path / "sets" / f"{name}_TRAIN.ts").write_bytes(train)
    broken = tmp_path / "sets" / f"{name}_TEST.ts"
    broken.write_text("this is no data set\n")
    words = [*small, "logger=none", f"data.directory={tmp_path / 'sets'}"]
    result = seqlab.run(words, run_dir=tmp_path / "run")
    assert result.status == "completed" and set(result.metrics) == {"train", "validation"}
    assert set(result.data["sizes"]) == {"train", "validation"}
    with pytest.raises(UserError, match=re.escape(str(broken))):
        run_command(["evaluate", str(tmp_path / "run"), "--part", "test"])
    broken.unlink()
    broken.write_bytes((archive / name / f"{name}_TEST.ts").read_bytes())
    assert run_command(["evaluate", str(tmp_path / "run"), "--part", "test"]) == 0


# Predicting


def stored_predictions(finished, split="test"):
    table = pq.read_table(finished.run_dir / "predictions.parquet").to_pylist()
    return [row for row in table if row["split"] == split]


def test_predicting_a_ts_file_gives_the_predictions_of_the_run(finished, seqlab_command, archive, tmp_path):
    out = tmp_path / "its predictions, ü.parquet"
    file = archive / "ItalyPowerDemand" / "ItalyPowerDemand_TEST.ts"
    assert "1,029" in seqlab_command("predict", finished.run_dir, file, "--out", out)
    expected = stored_predictions(finished)
    for row, was in zip(pq.read_table(out).to_pylist(), expected, strict=True):
        assert row == {key: value for key, value in was.items() if key != "split"}
    assert {p.name for p in tmp_path.iterdir()} == {out.name}


def test_predicting_padded_arrays_gives_the_same_as_csv_and_on_the_screen(
    finished, seqlab_command, archive, tmp_path
):
    values = read_sequences(archive / "ItalyPowerDemand" / "ItalyPowerDemand_TEST.ts").values[:7]
    padded = np.full((7, 30, 1), np.nan, dtype=np.float64)  # what stands past a length is not looked at
    padded[:, :24] = np.stack(values)
    folder = tmp_path / "a folder, with = 'quotes' ü"
    folder.mkdir()
    np.savez(folder / "new data.npz", X=padded, lengths=np.full(7, 24))
    seqlab_command("predict", finished.run_dir, folder / "new data.npz", "--out", folder / "out.csv")
    columns = pyarrow.csv.ConvertOptions(column_types={"id": "string", "predicted": "string"})
    rows = pyarrow.csv.read_csv(folder / "out.csv", convert_options=columns).to_pylist()
    for row, was in zip(rows, stored_predictions(finished)[:7], strict=True):
        assert list(row) == ["id", "predicted", "p_1", "p_2"]
        assert row["predicted"] == was["predicted"]
        assert row["p_1"] == pytest.approx(was["p_1"], abs=1e-6)
    model = seqlab.load(finished.run_dir)
    assert model.predict([x[:, 0] for x in values]).labels == [row["predicted"] for row in rows]


def _refused_files(folder: Path) -> dict[str, tuple[Path, str]]:
    good = np.zeros((3, 24, 1), dtype=np.float32)
    bad = good.copy()
    bad[1, 5, 0] = np.nan
    np.savez(folder / "features.npz", X=np.zeros((3, 24, 2)))
    np.savez(folder / "nan.npz", X=bad)
    np.savez(folder / "object.npz", X=np.array([[1, 2], [3]], dtype=object))
    np.savez(folder / "nothing.npz", Z=good)
    (folder / "torn.npz").write_bytes((folder / "nan.npz").read_bytes()[:100])
    (folder / "data.xlsx").write_bytes(b"PK")
    (folder / "empty.ts").write_bytes(b"")
    (folder / "nan.ts").write_text("@univariate true\n@classLabel false\n@data\n1,2,NaN\n")
    expected = {
        "features.npz": r"\[24, 2\].*expected: \[T, 1\]",
        "nan.npz": "step 5",
        "object.npz": "object",
        "nothing.npz": "no array X",
        "torn.npz": "expected",
        "data.xlsx": r"\.ts.*\.npz",
        "empty.ts": "expected",
        "nan.ts": "missing",
    }
    return {name: (folder / name, words) for name, words in expected.items()}


def test_files_that_do_not_fit_are_refused_with_what_was_expected(finished, tmp_path):
    for name, (file, words) in _refused_files(tmp_path).items():
        with pytest.raises(UserError) as refusal:
            run_command(["predict", str(finished.run_dir), str(file), "--out", str(tmp_path / "out.csv")])
        said = str(refusal.value)
        assert str(file) in said and len(said.splitlines()) <= 3, name
        assert re.search(words, said, re.DOTALL), (name, said)
    assert not (tmp_path / "out.csv").exists()


def test_weights_load_without_running_anything(finished):
    for name in ("best", "last"):
        content = torch.load(finished.run_dir / "checkpoints" / f"{name}.ckpt", weights_only=True)
        assert content["weights"] and content["epoch"] in (1, 2)


@pytest.mark.slow
def test_the_commands_from_outside(finished, archive, tmp_path):
    person = finished.person
    out = person.seqlab("evaluate", str(finished.run_dir), "--part", "test")
    assert (out.returncode, out.stderr) == (0, "")
    assert repr(finished.result["metrics"]["test"]["loss"]) in out.stdout
    file = archive / "ItalyPowerDemand" / "ItalyPowerDemand_TEST.ts"
    table = person.seqlab("predict", str(finished.run_dir), str(file))
    assert (table.returncode, table.stderr) == (0, "")
    assert len(table.stdout.splitlines()) == 1030
    refused = person.seqlab("predict", str(finished.run_dir), str(_refused_files(tmp_path)["nan.npz"][0]))
    assert refused.returncode == 2 and len(refused.stderr.splitlines()) <= 3 and not refused.stdout
    assert person.left() == {"runs"}
