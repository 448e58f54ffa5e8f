"""`from_arrays`: what is taken and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from seqlab.errors import UserError
from seqlab.readers import from_arrays


def refused(*args, **kwargs):
    with pytest.raises(UserError) as caught:
        from_arrays(*args, **kwargs)
    message = str(caught.value)
    assert len(message.splitlines()) <= 3
    return message


def test_list_of_arrays():
    found = from_arrays([np.ones((3, 2)), np.zeros((1, 2), dtype=int)], ["a", "b"])
    assert [v.shape for v in found.values] == [(3, 2), (1, 2)]
    assert all(v.dtype == np.float32 for v in found.values)
    assert (found.labels, found.ids, found.feature_names) == (["a", "b"], ["0", "1"], ["x1", "x2"])


@pytest.mark.parametrize(
    "X",
    [
        [np.ones(3), np.ones(2)],
        [[1, 2, 3], [4.0]],
        np.ones((2, 3)),
        np.ones((2, 3, 1)),
        [np.ones((3, 1)), [1]],
    ],
)
def test_one_feature(X):
    found = from_arrays(X)
    assert found.labels is None
    assert all(v.shape[1] == 1 for v in found.values)


def test_ragged_object_array():
    X = np.empty(2, dtype=object)
    X[0], X[1] = np.ones((2, 3)), np.ones((4, 3))
    assert [len(v) for v in from_arrays(X).values] == [2, 4]


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (np.array([1, 2]), ["1", "2"]),
        (np.array([1.0, 2.5]), ["1", "2.5"]),
        (["a b", np.str_("c")], ["a b", "c"]),
        ([True, np.int64(3)], ["True", "3"]),
        (np.array([b"x", b"y"]), ["x", "y"]),
    ],
)
def test_labels(y, expected):
    assert from_arrays([[1], [2]], y).labels == expected


@pytest.mark.parametrize(
    ("X", "words"),
    [
        ([], "no sequences"),
        (np.ones((0, 3, 2)), "no sequences"),
        ([np.ones((0, 2))], "X[0]: empty"),
        ([np.ones((2, 2)), []], "X[1]: empty"),
        ([np.ones((2, 0))], "X[0]: empty"),
        ([np.ones((2, 2)), np.ones((2, 3))], "X[1]: 3 features, where X[0] has 2"),
        ([np.ones((2, 2, 2))], "X[0]: shape [2, 2, 2]"),
        ([np.float64(3)], "X[0]: shape []"),
        (np.ones(4), "array of shape [4]"),
        (np.ones((1, 2, 3, 4)), "array of shape [1, 2, 3, 4]"),
        ([["a", "b"]], "X[0]: values of type"),
        ([np.array([None, 1], dtype=object)], "X[0]: values of type object"),
        ([np.array([1j])], "X[0]: values of type complex"),
        ([[[1, 2], [3]]], "X[0]: not an array"),
        ("text", "X: str"),
        (3, "X: int"),
        ({"a": [1]}, "X: dict"),
    ],
)
def test_refusals(X, words):
    assert words in refused(X)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, 1e300])
def test_infinite_is_named(bad):
    X = [np.ones((3, 2)), np.ones((4, 2))]
    X[0][0, 0] = np.nan
    X[1][2, 1] = bad
    X[1][3, 1] = np.inf
    message = refused(X)
    assert f"X[1]: step 2, feature 1 (from 0) is {bad}; 2 such values" in message


def test_missing_values_are_handed_on():
    X = [np.ones((3, 2)), np.ones((4, 2))]
    X[1][2, 1] = np.nan
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(from_arrays(X).values, X, strict=True))


@given(shape=st.tuples(st.integers(1, 5), st.integers(1, 4)), where=st.data())
def test_one_bad_value_anywhere_is_found(shape, where):
    step, feature = (where.draw(st.integers(0, size - 1)) for size in shape)
    array = np.ones(shape)
    array[step, feature] = np.inf
    assert f"X[1]: step {step}, feature {feature}" in refused([np.ones((1, shape[1])), array])


@given(
    hnp.arrays(np.float32, hnp.array_shapes(min_dims=3, max_dims=3), elements=st.floats(-1e9, 1e9, width=32))
)
def test_finite_arrays_come_through_unchanged(X):
    found = from_arrays(X)
    assert all((a == b).all() for a, b in zip(found.values, X, strict=True))


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (["a"], "y: 1 labels, but X has 2 sequences"),
        (["a", "b", "c"], "y: 3 labels"),
        (["a", None], "y[1]: None is no label"),
        ([1.0, float("nan")], "y[1]: nan is no label"),
        (["a", " "], "y[1]: an empty label"),
        (np.eye(2), "shape [2, 2]"),
        ("ab", "y: 'ab'"),
        (5, "y: int"),
        ([[1], [2]], "y[0]: [1] is no label"),
    ],
)
def test_label_refusals(y, words):
    assert words in refused([[1.0], [2.0]], y)


@given(
    st.recursive(
        st.none() | st.text(max_size=3) | st.floats() | st.integers(), lambda x: st.lists(x, max_size=3)
    )
)
def test_whatever_comes_is_taken_or_refused(X):
    try:
        found = from_arrays(X)
    except UserError as error:
        assert len(str(error).splitlines()) <= 3
    else:
        assert all(not np.isinf(v).any() and v.ndim == 2 and len(v) for v in found.values)
        assert found.texts == X or all(v.size for v in found.values)
