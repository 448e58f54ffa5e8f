"""`Sequences`: labelled sequences as NumPy arrays end to end, the way readers hand them on."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
S = TypeVar("S", bound=np.generic)


class Ragged(Sequence[npt.NDArray[S]], Generic[S]):
    """Arrays of different lengths as one: `flat` holds them end to end, and item i is a view of its rows.

    Args:
        flat: [S, ...], all arrays after each other; may be mapped from a file.
        offsets: int64 [N + 1], from 0 to S and never falling; array i is `flat[offsets[i]:offsets[i + 1]]`.
    """

    __slots__ = ("flat", "offsets")

    def __init__(self, flat: npt.NDArray[S], offsets: IntArray) -> None:
        self.flat = flat
        self.offsets = offsets
        assert len(offsets) >= 1 and int(offsets[0]) == 0 and int(offsets[-1]) == len(flat)

    @classmethod
    def of(cls, arrays: Iterable[npt.NDArray[S]]) -> "Ragged[S]":
        """One from arrays [T_i, ...] of one type, of which there is at least one; they are copied."""
        if isinstance(arrays, Ragged):
            return arrays
        several = list(arrays)
        return cls(np.concatenate(several), offsets_of([len(array) for array in several]))

    def __len__(self) -> int:
        """N, the number of arrays."""
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> npt.NDArray[S]: ...
    @overload
    def __getitem__(self, index: slice) -> list[npt.NDArray[S]]: ...
    def __getitem__(self, index: Any) -> Any:
        """Array number `index`, a view; for a slice, a list of them."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        index %= len(self)
        return self.flat[self.offsets[index] : self.offsets[index + 1]]

    def lengths(self) -> IntArray:
        """Rows of every array, int64 [N]."""
        return np.diff(self.offsets)

    def rows_of(self, items: IntArray) -> IntArray:
        """Numbers, within `flat`, of all rows of these arrays, one array after the other."""
        lengths = self.lengths()[items]
        ends = np.cumsum(lengths)
        within = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - lengths, lengths)
        return np.repeat(self.offsets[items], lengths) + within

    def take(self, items: IntArray) -> "Ragged[S]":
        """A copy of these arrays, in this order."""
        return Ragged(self.flat[self.rows_of(items)], offsets_of(self.lengths()[items]))

    def with_flat(self, flat: npt.NDArray[Any]) -> "Ragged[Any]":
        """Arrays of the same lengths with other contents."""
        return Ragged(flat, self.offsets)


def offsets_of(lengths: Sequence[int] | IntArray) -> IntArray:
    """Where arrays of these lengths begin and end when they lie end to end: int64 [N + 1]."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


@dataclass(frozen=True, slots=True, kw_only=True)
class Categories:
    """Categorical features, such as the state of a machine or the symbol of a step.

    Args:
        names: K names of features.
        codes: int32 [T_i, K] a sequence: number of the category in its feature's list; -1 where it is missing.
        categories: K lists of the categories' names.
    """

    names: Sequence[str]
    codes: Ragged[np.int32]
    categories: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequences:
    """Sequences of one part (training or test) of a data set.

    A sequence has numeric features, categorical ones, or both, at the same steps; or it is a text, which has no
    steps before it was cut into tokens.

    Args:
        values: one float32 array [T_i, F] a sequence; T_i >= 1; all the same F; NaN where a value is missing.
            A list of arrays becomes a `Ragged`. Of texts F is 0 and T_i the number of characters, but at least 1.
        labels: one class name a sequence, or None where there are none (prediction).
        ids: one name a sequence, unique within the part.
        feature_names: F names.
        categories: categorical features, if there are any.
        texts: one text a sequence, if that is what they are.
        groups: what a sequence was taken from, such as a machine or a person, one name a sequence, if it is known.
        times: float64 [T_i] a sequence, increasing: when each step was; in seconds where they are dates; if known.
    """

    values: Sequence[FloatArray]
    labels: Sequence[str] | None
    ids: Sequence[str]
    feature_names: Sequence[str]
    categories: Categories | None = None
    texts: Sequence[str] | None = None
    groups: Sequence[str] | None = None
    times: Ragged[np.float64] | None = None

    def __post_init__(self) -> None:
        """Put a list of arrays end to end."""
        nothing = np.zeros((0, len(self.feature_names)), dtype=np.float32)
        object.__setattr__(
            self, "values", Ragged.of(self.values) if len(self.values) else Ragged(nothing, offsets_of([]))
        )

    @classmethod
    def of_texts(
        cls,
        texts: Sequence[str],
        labels: Sequence[str] | None,
        ids: Sequence[str],
        groups: Sequence[str] | None = None,
    ) -> "Sequences":
        """Texts; an empty one counts as one character."""
        offsets = offsets_of([max(1, len(text)) for text in texts])
        values = Ragged(np.zeros((int(offsets[-1]), 0), dtype=np.float32), offsets)
        return cls(values=values, labels=labels, ids=ids, feature_names=[], texts=texts, groups=groups)

    def __len__(self) -> int:
        """How many sequences there are."""
        return len(self.values)

    @property
    def ragged(self) -> Ragged[np.float32]:
        """`values`, end to end."""
        assert isinstance(self.values, Ragged)
        return self.values

    def lengths(self) -> IntArray:
        """Time steps of every sequence (of a text, characters), int64 [N]."""
        return self.ragged.lengths()

    def content_hash(self) -> str:
        """A SHA-256 of contents, lengths and labels: the same content gives the same hash, whatever its name."""
        digest = hashlib.sha256()
        digest.update(self.lengths().tobytes())
        for flat in [*self._flats(), *([] if self.times is None else [self.times.flat])]:
            for block in _blocks(flat):
                digest.update(block)
        for words in (self.texts, self.labels):
            for word in words or ():
                digest.update(word.encode("utf-8", "surrogatepass") + b"\0")
        return digest.hexdigest()

    def item_hashes(self) -> list[bytes]:
        """One hash a sequence, of its contents without label and time: equal sequences have equal ones."""
        hashes: list[bytes] = []
        columns = [Ragged(np.ascontiguousarray(flat), self.ragged.offsets) for flat in self._flats()]
        for i in range(len(self)):
            digest = hashlib.blake2b(digest_size=16)
            for column in columns:
                digest.update(column[i].tobytes())
            if self.texts is not None:
                digest.update(self.texts[i].encode("utf-8", "surrogatepass"))
            hashes.append(digest.digest())
        return hashes

    def _flats(self) -> list[npt.NDArray[Any]]:
        """What the steps of all sequences hold, end to end; of categories their names, however they are numbered."""
        flats: list[npt.NDArray[Any]] = [self.ragged.flat]
        if self.categories is not None:
            for column, names in enumerate(self.categories.categories):
                flats.append(_as_words(self.categories.codes.flat[:, column], names))
        return flats


def _as_words(codes: npt.NDArray[np.int32], names: Sequence[str]) -> npt.NDArray[np.uint64]:
    """A hash of every category's name in the place of its number."""
    words = [hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest() for name in names]
    table = np.array([int.from_bytes(word, "little") for word in words] + [0], dtype=np.uint64)
    return table[codes]


def _blocks(flat: npt.NDArray[Any], rows: int = 2**20) -> Iterable[bytes]:
    """Contents in pieces, so that hashing a mapped file takes no memory."""
    for start in range(0, len(flat), rows):
        yield np.ascontiguousarray(flat[start : start + rows]).tobytes()
