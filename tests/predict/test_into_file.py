"""From a file to a file: whole and in pieces alike, complete or not there at all."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

import seqlab
from seqlab.cli.parsing import run_command
from seqlab.errors import UserError
from seqlab.predict import into_file, predict_file
from seqlab.readers import pieces, rows

CLASSES = ('up, "steep"|é', "down <b>")


def table(sequences, seed=0):
    rng = np.random.default_rng(seed)
    found = [
        (f"{i:03d}", t, *rng.normal(size=2).round(3), CLASSES[i % 2])
        for i in range(sequences)
        for t in range(3 + i % 4)
    ]
    return pd.DataFrame(found, columns=["id", "time", "speed", "load", "label"])


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    table(40).to_csv(folder / "train.csv", index=False)
    words = ["model=gru", "model.hidden_size=4", "trainer.max_epochs=1", "logger=none", "data=files"]
    seqlab.run(
        [*words, f"data.train={folder}/train.csv", "data.missing=forward_fill"], run_dir=folder / "run"
    )
    return folder / "run"


@pytest.fixture
def in_small_pieces(monkeypatch):
    monkeypatch.setattr(pieces, "_STEPS", 40)
    monkeypatch.setattr(rows, "_CELLS", 200)
    monkeypatch.setattr(rows, "_BLOCK", 512)
    monkeypatch.setattr(into_file, "_CELLS", 100)
    monkeypatch.setattr(pieces, "WHOLE", 0)


def test_pieces_change_no_prediction(run_dir, tmp_path, in_small_pieces, monkeypatch):
    new = table(120, seed=1)
    new.loc[::50, "speed"] = np.nan
    new.loc[new["id"] == "007", "label"] = "sideways"
    new.to_csv(tmp_path / "new.csv", index=False)
    new.to_parquet(tmp_path / "new.parquet")
    heard = []
    told = predict_file(
        run_dir, tmp_path / "new.csv", tmp_path / "a.csv", tell=lambda *progress: heard.append(progress)
    )
    predict_file(run_dir, tmp_path / "new.parquet", tmp_path / "b.parquet")
    assert len(heard) > 3 and heard[-1] == (120, 1.0)
    monkeypatch.setattr(pieces, "WHOLE", 2**24)
    whole = predict_file(run_dir, tmp_path / "new.csv", tmp_path / "c.parquet")
    assert (told.sequences, told.changes) == (whole.sequences, whole.changes)
    assert "11 missing values: the last value before stands for them" in told.changes
    assert "labels that are no class of the model: 'sideways' (1 sequence)" in told.changes
    expected = pd.read_parquet(tmp_path / "c.parquet")
    assert expected["id"].tolist() == [f"{i:03d}" for i in range(120)]
    assert expected["true"].tolist() == new.groupby("id").label.first().tolist()
    columns = ["id", "true", "predicted", *(f"p_{name}" for name in sorted(CLASSES))]
    for found in (
        pd.read_csv(tmp_path / "a.csv", dtype={"id": str}),
        pd.read_parquet(tmp_path / "b.parquet"),
    ):
        assert list(found) == columns
        pd.testing.assert_frame_equal(found, expected, atol=1e-6, rtol=0)


def test_names_of_classes_survive_csv_as_any_reader_reads_it(run_dir, tmp_path):
    new = table(4).drop(columns="label")
    new["id"] = new["id"].map({"000": 'a, "b"', "001": "c;d", "002": "é", "003": " e "})
    new.to_csv(tmp_path / "new.csv", index=False)
    stream = io.BytesIO()
    predict_file(run_dir, tmp_path / "new.csv", stream)
    head, *lines = csv.reader(io.StringIO(stream.getvalue().decode()))
    assert head == ["id", "predicted", *(f"p_{name}" for name in sorted(CLASSES))]
    assert [line[0] for line in lines] == ['a, "b"', "c;d", "é", " e "]
    for line in lines:
        p = [float(cell) for cell in line[2:]]
        assert sum(p) == pytest.approx(1) and line[1] == sorted(CLASSES)[int(np.argmax(p))]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_what_fails_in_the_middle_leaves_what_was_there(run_dir, tmp_path, in_small_pieces, suffix):
    new = table(60, seed=1).astype({"load": str})
    new.loc[len(new) - 1, "load"] = "much"
    new.to_csv(tmp_path / "new.csv", index=False)
    out = tmp_path / f"out.{suffix}"
    out.write_text("of before")
    with pytest.raises(UserError, match=rf"row {len(new)} \(id '059'\), column 'load': 'much'"):
        predict_file(run_dir, tmp_path / "new.csv", out)
    assert {path.name for path in tmp_path.iterdir()} == {"new.csv", out.name}
    assert out.read_text() == "of before"

    def stop(sequences: int, share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict_file(run_dir, tmp_path / "new.csv", out, tell=stop)
    assert {path.name for path in tmp_path.iterdir()} == {"new.csv", out.name}
    assert out.read_text() == "of before"


def test_what_was_changed_is_said(run_dir, tmp_path, capsys):
    new = table(6).assign(extra=1.0, time=lambda t: -t["time"])
    long = pd.DataFrame(
        {"id": "long", "time": range(99), "speed": 0.0, "load": 0.0, "label": CLASSES[0], "extra": 1}
    )
    pd.concat([new, long]).to_csv(tmp_path / "new.csv", index=False)
    assert (
        run_command(["predict", str(run_dir), str(tmp_path / "new.csv"), "--out", str(tmp_path / "o.csv")])
        == 0
    )
    said = capsys.readouterr()
    assert said.out == f"7 predictions written to {tmp_path}/o.csv\n"
    lines = [line.removeprefix(f"{tmp_path}/new.csv: ") for line in said.err.splitlines()]
    assert lines == [
        "columns that are not used: extra",
        "the rows of 6 sequences were put into the order of time",
        "1 sequence is longer than any the run was trained on (6 steps)",
    ]


def test_categories_keep_their_numbers_from_piece_to_piece(tmp_path, in_small_pieces, monkeypatch):
    def states(sequences, seed, names):
        new = table(sequences, seed)
        return new.assign(state=np.random.default_rng(seed).choice(names, len(new)), code=new["time"] % 3)

    states(40, 0, ["idle", "run"]).to_csv(tmp_path / "train.csv", index=False)
    words = ["model=gru", "model.hidden_size=4", "trainer.max_epochs=1", "logger=none", "data=files"]
    seqlab.run(
        [*words, f"data.train={tmp_path}/train.csv", "data.categorical=[state,code]"],
        run_dir=tmp_path / "run",
    )
    new = states(90, 1, ["run", "off", "idle"])
    new.to_csv(tmp_path / "new.csv", index=False)
    new.to_parquet(tmp_path / "new.parquet")
    told = [
        predict_file(tmp_path / "run", tmp_path / f"new.{s}", tmp_path / f"{s}.parquet")
        for s in ("csv", "parquet")
    ]
    monkeypatch.setattr(pieces, "WHOLE", 2**24)
    whole = predict_file(tmp_path / "run", tmp_path / "new.csv", tmp_path / "whole.parquet")
    assert told[0].changes == told[1].changes == whole.changes
    count = int((new["state"] == "off").sum())
    assert whole.changes[0].startswith(
        f"state: {count} of {len(new)} steps hold one of 1 that the vocabulary lacks ('off')"
    )
    for found in ("csv", "parquet"):
        pd.testing.assert_frame_equal(
            pd.read_parquet(tmp_path / f"{found}.parquet"),
            pd.read_parquet(tmp_path / "whole.parquet"),
            atol=1e-6,
            rtol=0,
        )
