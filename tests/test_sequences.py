"""`Ragged` against lists of arrays, and what hashes of sequences see."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.sequences import Categories, Ragged, Sequences, offsets_of

lengths = st.lists(st.integers(1, 5), min_size=1, max_size=8)


def arrays_of(sizes: list[int]) -> list[np.ndarray]:
    rng = np.random.default_rng(len(sizes))
    return [rng.normal(size=(size, 2)).astype(np.float32) for size in sizes]


@given(lengths, st.data())
def test_a_ragged_is_the_list_of_its_arrays(sizes: list[int], data: st.DataObject):
    arrays = arrays_of(sizes)
    ragged = Ragged.of(arrays)
    assert len(ragged) == len(arrays) and ragged.lengths().tolist() == sizes
    for given_array, found in zip(arrays, ragged, strict=True):
        np.testing.assert_array_equal(given_array, found)
    items = np.array(data.draw(st.lists(st.integers(0, len(sizes) - 1), max_size=10)), dtype=np.int64)
    taken = ragged.take(items)
    assert [array.tolist() for array in taken] == [arrays[i].tolist() for i in items]
    np.testing.assert_array_equal(ragged[-1], arrays[-1])
    assert [array.tolist() for array in ragged[1:3]] == [array.tolist() for array in arrays[1:3]]
    with pytest.raises(IndexError):
        ragged[len(sizes)]


def sequences(values: list[np.ndarray], labels: list[str] | None = None, **more: object) -> Sequences:
    settings: dict[str, object] = {"ids": [str(i) for i in range(len(values))], "feature_names": ["a", "b"]}
    return Sequences(values=values, labels=labels, **(settings | more))  # type: ignore[arg-type]


def test_none_at_all():
    nothing = sequences([])
    assert len(nothing) == 0 and nothing.ragged.flat.shape == (0, 2)


def test_the_hash_of_contents_sees_values_lengths_and_labels_and_no_names():
    values = arrays_of([2, 3, 1])
    base = sequences(values, ["x", "y", "x"])
    assert base.content_hash() == sequences(values, ["x", "y", "x"], ids=["p", "q", "r"]).content_hash()
    moved = [*np.split(np.concatenate(values), [1, 3])]
    others = [
        sequences(values, ["x", "y", "y"]),
        sequences(moved, ["x", "y", "x"]),
        sequences(values[::-1], ["x", "y", "x"]),
    ]
    assert base.content_hash() not in [other.content_hash() for other in others]
    times = Ragged(np.arange(6.0), offsets_of([2, 3, 1]))
    assert sequences(values, ["x", "y", "x"], times=times).content_hash() != base.content_hash()


def test_the_hash_of_an_item_tells_equal_contents_from_others_whatever_their_label_and_time():
    a, b = arrays_of([2, 3])
    times = Ragged(np.arange(10.0), offsets_of([2, 3, 2, 3]))
    found = sequences([a, b, a, b + 1], ["x", "y", "z", "y"], times=times).item_hashes()
    assert found[0] == found[2]
    assert len(set(found)) == 3


def test_categories_are_the_same_however_they_are_numbered():
    values = [np.zeros((2, 0), dtype=np.float32)]

    def coded(codes: list[int], names: list[str]) -> Sequences:
        flat = np.array(codes, dtype=np.int32)[:, None]
        kept = Categories(names=["state"], codes=Ragged(flat, offsets_of([2])), categories=[names])
        return sequences(values, feature_names=[], categories=kept)

    on_off = coded([0, 1], ["on", "off"])
    assert on_off.item_hashes() == coded([1, 0], ["off", "on"]).item_hashes()
    assert on_off.content_hash() == coded([1, 0], ["off", "on"]).content_hash()
    assert on_off.item_hashes() != coded([0, 1], ["off", "on"]).item_hashes()
    assert on_off.item_hashes() != coded([0, -1], ["on", "off"]).item_hashes()
