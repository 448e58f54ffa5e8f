"""data=files from the command line's settings to batches."""

import numpy as np
import pandas as pd
import pytest

from seqlab.config.files import FilesConfig
from seqlab.data.files import Files
from seqlab.data.module import SequenceData
from seqlab.errors import ConfigError, UserError
from seqlab.testing import check_source


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    rows = [
        (f"r{i:02d}", t, *rng.normal(size=2).round(4), "up" if i % 2 else "down")
        for i in range(24)
        for t in range(3 + i % 5)
    ]
    table = pd.DataFrame(rows, columns=["run_id", "time", "speed", "load", "label"])
    table[table.run_id < "r16"].to_csv(tmp_path / "train (1).csv", index=False)
    table[table.run_id >= "r16"].to_parquet(tmp_path / "test.parquet")
    return tmp_path


def test_both_parts_reach_batches(folder):
    config = FilesConfig(train=str(folder / "train (1).csv"), test=str(folder / "test.parquet"), batch_size=4)
    data = SequenceData(Files(config), config, seed=0)
    assert data.spec.sizes == {"train": 13, "validation": 3}
    assert list(data.spec.features) == ["speed", "load"] and list(data.spec.classes) == ["down", "up"]
    assert sum(batch.size for batch in data.test_loader()) == 8
    assert data.ids("test") == [f"r{i}" for i in range(16, 24)]
    notes = data.facts()["notes"]
    assert any("guessed" in note and "run_id" in note for note in notes)


def test_it_keeps_every_promise_of_a_source(folder):
    config = FilesConfig(train=str(folder / "train (1).csv"), test=str(folder / "test.parquet"))
    findings = check_source(Files(config))
    assert not [finding for finding in findings if not finding.passed]


def test_a_test_file_that_lacks_a_column_is_refused_by_name(folder):
    table = pd.read_parquet(folder / "test.parquet").drop(columns="load")
    table.to_csv(folder / "less.csv", index=False)
    config = FilesConfig(train=str(folder / "train (1).csv"), test=str(folder / "less.csv"))
    with pytest.raises(UserError, match=r"less\.csv: there is no column 'load'"):
        Files(config).read_test()


def test_what_cannot_be_begun(folder):
    with pytest.raises(UserError, match="no file is named"):
        Files(FilesConfig())
    with pytest.raises(UserError, match="there is no such file"):
        Files(FilesConfig(train=str(folder / "none.csv")))
    with pytest.raises(UserError, match=r"data\.test: no file is named"):
        Files(FilesConfig(train=str(folder / "train (1).csv"))).read_test()
    with pytest.raises(ConfigError, match="one character"):
        FilesConfig(train="a.csv", delimiter=", ")
