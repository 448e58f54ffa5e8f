"""The line to paste: a shell and Hydra's grammar give back what was meant, whatever stands in names."""

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from seqlab.compose.overrides import parse
from seqlab.inspection.command import overrides_for, train_command
from seqlab.readers.reading import Reading

NAMES = [
    "plain.csv",
    "my data (1).csv",
    "a,b.csv",
    "k=v.csv",
    "it's.csv",
    'say "hi".csv',
    "größe/日本.csv",
    "$HOME/{x}.csv",
    "back\\slash.csv",
    "runs/*.parquet",
    "[1].csv",
    "null",
    "1e3",
    "trailing\\",
    "#hash.csv",
    "${now}.csv",
    "a\\\\${b}\\${c}${",
]


def read_back(settings):
    """As a run gets them: Hydra's grammar, then OmegaConf, which would look up ${...}."""
    found = {override.key_or_group: override.value() for override in parse(settings)}
    return OmegaConf.to_container(OmegaConf.create(found), resolve=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_shell_and_the_grammar_give_the_name_back(name):
    line = train_command(name, Reading(target=name, features=[name, "b c"]), test=name)
    shell = subprocess.run(
        ["sh", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True, text=True, encoding="utf-8"
    )
    words = shell.stdout.split("\0")[:-1]
    assert words == shlex.split(line)
    found = read_back(words[2:])
    assert found["data"] == "files"
    assert str(found["data.train"]) == str(found["data.test"]) == str(found["data.target"]) == name
    assert [str(value) for value in found["data.features"]] == [name, "b c"]


odd = st.text(st.sampled_from("ab$'\"{}\\,=[]():# "), min_size=1)


@given(odd | st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_any_name_survives_the_grammar(name):
    found = read_back(overrides_for(name, Reading(id=name)))
    assert str(found["data.train"]) == str(found["data.id"]) == name


def test_what_was_not_said_is_not_set():
    assert overrides_for("a.csv", Reading()) == ["data=files", "data.train=a.csv"]
