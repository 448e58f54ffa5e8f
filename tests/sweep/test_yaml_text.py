"""Sweep files: numbers as people write them, no duplicate keys, and one line about what is wrong."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from seqlab.errors import UserError
from seqlab.sweep.yaml_text import read_mapping, scalar


@pytest.mark.parametrize(
    "word", ["1e-4", "1E5", "0.1", ".5", "-3", "+2.5e+3", "1_000", "true", "null", "~", "12"]
)
def test_scalars_are_those_of_the_settings_files(word: str):
    ours, theirs = scalar(word), OmegaConf.create(f"a: {word}").a
    assert ours == theirs and type(ours) is type(theirs)


@pytest.mark.parametrize(
    "word", ["no", "on", "yes", "lstm", "32-true", "2026-01-01", "1e", "e5", "[x", "1.2.3"]
)
def test_everything_else_is_itself(word: str):
    assert scalar(word) == word


def test_a_file_is_read(tmp_path: Path):
    path = tmp_path / "a.yaml"
    path.write_text("low: 1e-4\nwhen: no\nlist: [1, .5, on, false]\n", encoding="utf-8")
    assert read_mapping(path) == {"low": 1e-4, "when": "no", "list": [1, 0.5, "on", False]}


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a: 1\nb: {c: 1, c: 2}\n", "line 2: the key c stands twice"),
        ("a: 1\na: 1\n", "line 2: the key a stands twice"),
        ("a: [1\n", "line 2"),
        ("- a\n", "not a sweep"),
        ("", "not a sweep"),
        ("a: !!python/object:os.system x\n", "line 1"),
        ("? [1]\n: 2\n", "line 1"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, hint: str):
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_mapping(path)
    assert hint in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 2


def test_what_cannot_be_read_is_said(tmp_path: Path):
    (tmp_path / "a.yaml").write_bytes(b"a: \xff\xfe")
    for name in ("a.yaml", "nothing.yaml", "."):
        with pytest.raises(UserError):
            read_mapping(tmp_path / name)
