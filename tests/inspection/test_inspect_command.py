"""`seqlab inspect` as a person calls it."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from seqlab.cli.parsing import run_command
from seqlab.errors import UserError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    rows = [
        (f"r{i:02d}", float(t), f"m{i % 3}", round(rng.normal(), 4), 7, "up" if i % 8 == 0 else "down")
        for i in range(40)
        for t in range(3 + i % 5)
    ]
    table = pd.DataFrame(rows, columns=["run_id", "time", "machine", "speed", "still", "label"])
    table.loc[4, "time"] += 0.5
    twin = table[table.run_id == "r03"].assign(run_id="twin")
    pd.concat([table, twin]).to_csv("my data (1).csv", index=False)
    table[table.run_id >= "r38"].to_csv("test.csv", index=False)
    return tmp_path


def test_everything_odd_is_said(folder, capsys):
    assert run_command(["inspect", "my data (1).csv", "--test", "test.csv"]) == 0
    said = capsys.readouterr().out
    for words in (
        "long form",
        "41, ",
        "constant: nothing to learn from",
        "3 to 7 steps",
        "IRREGULAR: 0.5 to 1.5 between steps",
        "down is 88 % of all",
        "1 sequences repeat another one step by step (twin is r03)",
        "2 test sequences stand in the training file as well (r38, r39)",
        "3 (machine)",
        "WOULD MIX 3 OF THEM",
        "guessed",
        "data=files",
    ):
        assert words in said, words


def test_the_line_it_ends_with_composes(folder, capsys):
    run_command(["inspect", "my data (1).csv", "--group", "machine", "--ignore", "still"])
    line = capsys.readouterr().out.splitlines()[-1]
    words = line.split("train.py", 1)[1]
    shown = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m seqlab train --cfg job {words}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "train: my data (1).csv" in shown and "group: machine" in shown and "- still" in shown


def test_columns_of_words_are_shown_and_trained_on(folder, capsys):
    pd.read_csv("test.csv").assign(status="on").to_csv("words.csv", index=False)
    run_command(["inspect", "words.csv"])
    said = capsys.readouterr().out
    assert "1 categorical" in said
    assert said.splitlines()[-1].endswith("train.py data=files data.train=words.csv")


def test_it_takes_no_torch(folder):
    code = (
        "import sys; from seqlab.cli.parsing import run_command; run_command(['inspect', 'test.csv']);"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_twenty_problems_and_the_way_out_are_shown_on_the_screen(folder):
    table = pd.read_csv("test.csv").astype({"speed": object})
    table["speed"] = [f"1,{k}" for k in range(len(table))]
    table.to_csv("comma.csv", index=False, sep=";")
    done = subprocess.run(
        [sys.executable, "-m", "seqlab", "inspect", "comma.csv"], capture_output=True, text=True
    )
    lines = done.stderr.splitlines()
    assert done.returncode == 2 and len(lines) == 1 + len(table) + 1
    assert "column 'speed': '1,0'" in lines[1] and "with a decimal point" in lines[-1]


def test_mistakes(folder):
    with pytest.raises(UserError, match="there is no such file"):
        run_command(["inspect", "none.csv"])
    with pytest.raises(UserError, match="no column 'lable'"):
        run_command(["inspect", "test.csv", "--target", "lable"])
    with pytest.raises(UserError, match="did you mean: --target"):
        run_command(["inspect", "test.csv", "--targt", "x"])
