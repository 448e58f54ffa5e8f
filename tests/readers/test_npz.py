"""`.npz` files, good and bad."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqlab.errors import UserError
from seqlab.readers import read_npz, read_sequences


@pytest.fixture
def file(tmp_path):
    return tmp_path / "data.npz"


def refused(path):
    with pytest.raises(UserError) as caught:
        read_npz(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "expected: " in message
    assert len(message.splitlines()) <= 3
    return message


def test_padded_with_labels(file):
    X = np.full((2, 3, 2), np.nan)
    X[0, :2] = [[1, 2], [3, 4]]
    X[1] = 5
    np.savez(file, X=X, lengths=[2, 3], y=["b", "a"], extra=1)
    found = read_sequences(file)
    assert found.values[0].tolist() == [[1, 2], [3, 4]]
    assert found.values[1].shape == (3, 2)
    assert found.labels == ["b", "a"]


def test_one_feature_without_labels(file):
    np.savez_compressed(file, X=np.arange(6).reshape(2, 3))
    found = read_npz(str(file))
    assert found.labels is None
    assert [v.shape for v in found.values] == [(3, 1), (3, 1)]


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": np.ones((2, 3))}, "no array X; found x"),
        ({}, "no array X; found nothing"),
        ({"X": np.ones(3)}, "X of shape [3]"),
        ({"X": np.array([["a"]])}, "type <U1"),
        ({"X": np.array([[1], [{}]], dtype=object)}, "X has dtype object"),
        ({"X": np.ones((2, 3)), "y": np.array([1, None], dtype=object)}, "y has dtype object"),
        ({"X": np.ones((2, 3)), "y": [1]}, "1 labels, but X has 2"),
        ({"X": np.ones((2, 3)), "lengths": [1]}, "lengths of shape [1]"),
        ({"X": np.ones((2, 3)), "lengths": [1.0, 2.0]}, "type float64"),
        ({"X": np.ones((2, 3)), "lengths": [1, 4]}, "lengths[1] is 4"),
        ({"X": np.ones((2, 3)), "lengths": [0, 3]}, "lengths[0] is 0"),
        ({"X": np.ones((0, 3))}, "no sequences"),
        ({"X": np.full((2, 3), np.inf)}, "X[0]: step 0, feature 0 (from 0) is inf; 6 such values"),
    ],
)
def test_refusals(file, arrays, words):
    np.savez(file, allow_pickle=True, **arrays)
    assert words in refused(file)


def test_not_an_archive(file):
    file.write_bytes(b"no zip")
    assert "not an .npz file" in refused(file)
    with file.open("wb") as stream:
        np.save(stream, np.ones(3))
    assert "not an .npz file" in refused(file)


def test_nothing_there(tmp_path):
    assert "no such file" in refused(tmp_path / "none.npz")
    assert "directory" in refused(tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damaged_files_are_refused_or_read(file, data):
    np.savez(file, X=np.ones((3, 4, 2)), lengths=[1, 2, 3], y=["a", "b", "c"])
    content = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    file.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        read_npz(file)
    except UserError as error:
        assert len(str(error).splitlines()) <= 3
