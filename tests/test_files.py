"""Files are whole or absent; logs survive a torn last line."""

import json
import math
import os

import pytest

from seqlab import files


def test_a_write_that_fails_leaves_the_old_file_and_no_draft(tmp_path):
    target = tmp_path / "result.json"
    files.write_text(target, "old")

    def fail(draft):
        draft.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        files.write_whole(target, fail)
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["result.json"]


def test_json_carries_no_nan(tmp_path):
    files.write_json(tmp_path / "a.json", {"a": math.nan, "b": [math.inf, 1.0], "c": {"d": -math.inf}})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": None, "b": [None, 1.0], "c": {"d": None}}


def test_a_torn_last_row_is_left_out(tmp_path):
    log = tmp_path / "metrics.jsonl"
    files.append_row(log, {"epoch": 1, "name": "é\n"})
    files.append_row(log, {"epoch": 2})
    with log.open("a") as stream:
        stream.write('{"epoch": 3, "tr')
    assert list(files.read_rows(log)) == [{"epoch": 1, "name": "é\n"}, {"epoch": 2}]


def test_what_is_synced_is_open_for_writing(tmp_path, monkeypatch):
    """Windows answers EBADF to fsync on a handle that only reads; here writing nothing shows the same."""
    synced = []
    monkeypatch.setattr(files.os, "fsync", lambda number: synced.append(os.write(number, b"")))
    files.write_text(tmp_path / "a.txt", "whole")
    assert synced == [0] and (tmp_path / "a.txt").read_text() == "whole"
