"""`.ts` files: against aeon's own reader, and every way they can be wrong."""

import numpy as np
import pytest
from aeon.datasets import load_from_ts_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqlab.data.archive import bundled, bundled_dir
from seqlab.errors import UserError
from seqlab.readers import read_sequences, read_ts

HEADER = "@problemName p\n@classLabel true a B\n@data\n"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "data.ts"


def refused(file, text):
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError) as caught:
        read_ts(file)
    message = str(caught.value)
    assert message.startswith(str(file))
    assert "\nexpected: " in message
    assert len(message.splitlines()) <= 3
    return message


@pytest.mark.parametrize("part", ["TRAIN", "TEST"])
@pytest.mark.parametrize("name", bundled())
def test_equals_aeon(name, part):
    path = bundled_dir() / name / f"{name}_{part}.ts"
    X, y = load_from_ts_file(str(path))
    found = read_sequences(path)
    assert [label.lower() for label in found.labels] == y.tolist()
    assert len(found) == len(X)
    for ours, theirs in zip(found.values, X, strict=True):
        np.testing.assert_array_equal(ours, theirs.T.astype(np.float32))


def test_many_dimensions_unequal_lengths(file):
    file.write_text(HEADER + "1,2,3:4,5,6:a\n7:8:B\n")
    found = read_ts(file)
    assert [v.tolist() for v in found.values] == [[[1, 4], [2, 5], [3, 6]], [[7, 8]]]
    assert found.labels == ["a", "B"]
    assert found.feature_names == ["x1", "x2"]


def test_no_labels(file):
    file.write_text("@classLabel false\n@data\n1,2,3\n4,5\n")
    found = read_ts(file)
    assert found.labels is None
    assert [len(v) for v in found.values] == [3, 2]


def test_header_variations(file):
    text = (
        "\ufeff# caf\xe9\r\n% note\r\n\r\n@PROBLEMNAME p q\r\n@TimeStamps\tFalse\r\n@univariate True\r\n"
        "@path x\r\n@equalLength true\r\n@seriesLength 2\r\n@ClassLabel  TRUE  a   B\r\n@DATA\r\n\r\n"
        " 1 , -2e1 : b \r\n# between\r\n3,4:A"
    )
    for encoding in ("utf-8", "latin-1"):
        file.write_bytes(text.lstrip("\ufeff" if encoding == "latin-1" else "").encode(encoding))
        found = read_ts(file)
        assert found.values[0].tolist() == [[1], [-20]]
        assert found.labels == ["B", "a"]


def test_labels_without_a_list_or_as_other_spellings_of_a_number(file):
    file.write_text("@classLabel true\n@data\n1:x\n2:y z\n")
    assert read_ts(file).labels == ["x", "y z"]
    file.write_text("@classLabel true 1 2.0\n@data\n1:1.0\n2:2\n")
    assert read_ts(file).labels == ["1", "2.0"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no line '@data'"),
        ("@classLabel true a\n", "no line '@data'"),
        ("1,2,3\n", "line 1: '1,2,3' before @data"),
        ("@data\n1:a\n", "line 1: the header has no @classLabel"),
        ("@classLabel maybe\n@data\n1:a\n", "line 1: @classlabel 'maybe'"),
        ("@univariate\n@data\n1:a\n", "line 1: @univariate ''"),
        (HEADER, "no sequences after @data"),
        ("@timeStamps true\n" + HEADER + "(0,1):a\n", "@timeStamps true"),
        ("@targetLabel true\n@data\n1:0.5\n", "@targetLabel true"),
        (HEADER + "1,2:c\n", "line 4: label 'c'"),
        (HEADER + "1,2:\n", "line 4: no label"),
        (HEADER + "a\n", "line 4: no values"),
        (HEADER + "1,x:a\n", "line 4: value 2 of dimension 1 is 'x'"),
        (HEADER + "1,,2:a\n", "line 4: value 2 of dimension 1 is ''"),
        (HEADER + "1,2:3:a\n", "line 4: dimension 2 has 1 values, dimension 1 has 2"),
        (HEADER + "1:2:a\n1:a\n", "line 5: 1 dimensions"),
        (HEADER + "1,inf:a\n", "line 4: value 2 of dimension 1 is inf"),
        (HEADER + "1,1e300:a\n", "line 4: value 2 of dimension 1 is 1e+300"),
        (HEADER + "1,2:a\n?,?:a\n1:a\n", "line 5: value 1 of dimension 1 is missing (2 missing in all)"),
        (HEADER + "1,2:1,NaN:a\n", "line 4: value 2 of dimension 2 is missing (1 missing in all)"),
        ("@univariate true\n" + HEADER + "1:2:a\n", "line 5: 2 dimensions"),
        ("@dimensions 3\n" + HEADER + "1:2:a\n", "line 5: 2 dimensions"),
        ("@equalLength true\n" + HEADER + "1,2:a\n1:a\n", "line 6: 1 steps"),
        (b"\x00\xff\x80PNG", "before @data"),
    ],
)
def test_refusals(file, text, words):
    assert words in refused(file, text)


def test_a_near_class_is_suggested(file):
    assert "did you mean Standing?" in refused(file, "@classLabel true Standing Running\n@data\n1:Standng\n")


def test_nothing_there(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        read_ts(tmp_path / "none.ts")
    with pytest.raises(UserError, match="directory"):
        read_ts(tmp_path)


@pytest.mark.parametrize("name", ["data.csv", "data", "data.npy", "data.ts.gz"])
def test_other_suffixes_are_refused(tmp_path, name):
    path = tmp_path / name
    path.write_text("1,2,3")
    with pytest.raises(UserError) as caught:
        read_sequences(path)
    assert str(path) in str(caught.value)
    assert ".npz" in str(caught.value) and ".ts" in str(caught.value)


finite = st.floats(-(2.0**99), 2.0**99, width=32)
cases = st.integers(1, 3).flatmap(
    lambda features: st.lists(
        st.integers(1, 4).flatmap(
            lambda steps: st.lists(
                st.lists(finite, min_size=steps, max_size=steps), min_size=features, max_size=features
            )
        ),
        min_size=1,
        max_size=4,
    )
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cases)
def test_what_is_written_is_read(file, case):
    rows = (":".join(",".join(map(repr, channel)) for channel in channels) for channels in case)
    file.write_text("@classLabel true a\n@data\n" + "".join(f"{row}:a\n" for row in rows))
    assert [v.T.tolist() for v in read_ts(file).values] == case


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(alphabet="0123456789.,:?aB-+e\n@ #n_", max_size=60))
def test_any_text_is_read_or_refused(file, text):
    file.write_text(HEADER + text)
    try:
        found = read_ts(file)
    except UserError as error:
        assert len(str(error).splitlines()) <= 3
    else:
        assert all(np.isfinite(v).all() and v.size for v in found.values)
