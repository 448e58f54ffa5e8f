"""Using a run: the same digits again, and refusals where the data or the sequences are not what they were."""

import json
import shutil

import numpy as np
import pytest

import seqlab
from seqlab import predict
from seqlab.cli.parsing import run_command
from seqlab.data.archive import bundled_dir
from seqlab.errors import UserError

TINY = ["trainer.max_epochs=2", "model=gru", "model.hidden_size=4", "logger=none", "trainer.accelerator=cpu"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A data set that lies in a folder of its own, and a run on it."""
    folder = tmp_path_factory.mktemp("sets")
    patch = pytest.MonkeyPatch()
    patch.setenv("SEQLAB_CACHE", str(folder / "cache"))
    for part in ("TRAIN", "TEST"):
        source = bundled_dir() / "ItalyPowerDemand" / f"ItalyPowerDemand_{part}.ts"
        shutil.copy(source, folder / f"Mine_{part}.ts")
    run = seqlab.run(
        [
            *TINY,
            "data=archive",
            "data.name=Mine",
            f"data.directory={folder}",
            "data.jitter=0.1",
            "evaluate_test=true",
        ],
        run_dir=folder / "run",
    )
    yield folder, run
    patch.undo()


@pytest.mark.parametrize("part", ["validation", "test"])
def test_evaluate_gives_the_digits_of_the_result(place, part):
    _, run = place
    found = predict.evaluate(run.run_dir, part)
    stored = json.loads((run.run_dir / "result.json").read_text())
    assert found.scores == stored["metrics"][part]
    assert found.intervals == stored["intervals"][part]


def test_data_that_moved_are_found_where_this_machine_keeps_them(place, tmp_path):
    folder, run = place
    for part in ("TRAIN", "TEST"):
        shutil.move(folder / f"Mine_{part}.ts", tmp_path / f"Mine_{part}.ts")
    try:
        assert predict.evaluate(run.run_dir, "test", str(tmp_path)).scores == run.metrics["test"]
        with pytest.raises(UserError, match="Mine"):
            predict.evaluate(run.run_dir, "test")
    finally:
        for part in ("TRAIN", "TEST"):
            shutil.move(tmp_path / f"Mine_{part}.ts", folder / f"Mine_{part}.ts")


def test_data_that_changed_are_refused(place, tmp_path):
    folder, run = place
    for part in ("TRAIN", "TEST"):
        shutil.copy(folder / f"Mine_{part}.ts", tmp_path / f"Mine_{part}.ts")
    lines = (tmp_path / "Mine_TRAIN.ts").read_text().splitlines()
    (tmp_path / "Mine_TRAIN.ts").write_text("\n".join(lines[:-1]) + "\n")
    with pytest.raises(UserError, match="not the ones this run was trained on"):
        predict.evaluate(run.run_dir, "validation", str(tmp_path))


def test_predictions_do_not_depend_on_the_size_of_a_call(place):
    model = seqlab.load(place[1].run_dir)
    rng = np.random.default_rng(0)
    sequences = [rng.normal(size=int(n)) for n in rng.integers(1, 60, size=40)]
    together = model.predict(sequences)
    assert together.classes == ["1", "2"]
    np.testing.assert_allclose(together.probabilities.sum(axis=1), 1)
    for i in (0, 17, 39):
        alone = model.predict([sequences[i]])
        np.testing.assert_allclose(alone.probabilities[0], together.probabilities[i], atol=1e-6)
        assert alone.labels[0] == together.labels[i]


@pytest.mark.parametrize("sequence", [np.zeros((3, 2)), np.array([]), np.array([1.0, np.nan])])
def test_sequences_of_another_kind_are_refused(place, sequence):
    with pytest.raises(UserError):
        seqlab.load(place[1].run_dir).predict([sequence])


def test_prediction_prepares_as_training_declared_and_says_what_it_changed(place, tmp_path, capsys):
    settings = ["data=archive", "data.name=Mine", f"data.directory={place[0]}", "data.missing=forward_fill"]
    run = seqlab.run([*TINY, *settings, "data.crop=8", "data.scaling=robust"], run_dir=tmp_path / "run")
    X = np.random.default_rng(0).normal(size=(3, 10))
    whole = X.copy()
    X[1, 5], whole[1, 5] = np.nan, X[1, 4]
    model = seqlab.load(run.run_dir)
    np.testing.assert_array_equal(
        model.predict(list(X)).probabilities, model.predict(list(whole[:, 2:])).probabilities
    )
    np.savez(tmp_path / "new.npz", X=X)
    assert run_command(["predict", str(run.run_dir), str(tmp_path / "new.npz")]) == 0
    said = capsys.readouterr().err
    assert "new.npz: 1 missing value: the last value before stands for them" in said
    assert "new.npz: of 3 of 3 sequences only the last 8 steps are used (data.crop)" in said
