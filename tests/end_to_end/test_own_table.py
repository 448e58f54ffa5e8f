"""From a CSV to predictions, as a person does it."""

import numpy as np
import pandas as pd
import pytest

from seqlab import run
from seqlab.cli.parsing import run_command
from seqlab.errors import UserError

pytestmark = pytest.mark.slow
QUICK = ["model=gru", "model.hidden_size=4", "trainer.max_epochs=1", "logger=none", "data=files"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    rows = [
        (f"r{i:02d}", t, f"m{i % 5}", *rng.normal(size=2).round(4), "up" if i % 2 else "down")
        for i in range(40)
        for t in range(3 + i % 5)
    ]
    table = pd.DataFrame(rows, columns=["run_id", "time", "machine", "speed", "load", "label"])
    table.to_csv("my data (1).csv", index=False)
    return table


def test_train_and_predict_whatever_the_order_of_columns(folder, tmp_path, capsys):
    done = run([*QUICK, 'data.train="my data (1).csv"', f"hydra.run.dir={tmp_path}/run"])
    assert done.status == "completed"
    assert any("of 5 groups" in note for note in done.data["notes"])
    folder.to_csv("again.csv", index=False)
    folder[["load", "speed", "time", "run_id"]].to_parquet("new.parquet")
    run_command(["predict", "run", "again.csv", "--out", "again.parquet"])
    run_command(["predict", "run", "new.parquet", "--out", "new_predictions.parquet"])
    labelled, bare = pd.read_parquet("again.parquet"), pd.read_parquet("new_predictions.parquet")
    assert labelled["true"].tolist() == folder.groupby("run_id").label.first().tolist()
    pd.testing.assert_frame_equal(labelled.drop(columns="true"), bare)
    with pytest.raises(UserError, match="there is no column 'load'"):
        folder.drop(columns="load").to_csv("less.csv", index=False)
        run_command(["predict", "run", "less.csv"])


def test_a_table_for_a_run_on_other_data_is_refused(folder, tmp_path):
    values = [np.random.default_rng(i).normal(size=(4, 2)) for i in range(12)]
    words = [word for word in QUICK if word != "data=files"]
    run([*words, f"hydra.run.dir={tmp_path}/run"], data=(values, [0, 1] * 6))
    with pytest.raises(
        UserError, match=r"trained on none \(data=memory\), which tells nothing of its columns"
    ):
        run_command(["predict", "run", "my data (1).csv"])
