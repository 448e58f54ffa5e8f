"""Sequences -> facts that a person wants to know before training on them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqlab.sequences import Ragged, Sequences

# Intervals between steps that differ by no more than this share of their median are called regular.
REGULAR_WITHIN = 0.01
# Features that are compared with each other; beyond so many the screen would be of no use.
_MOST_COMPARED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One numeric or categorical feature.

    Args:
        name: of its column.
        kind: "numeric" or "categorical".
        low: smallest value; None where there is none, or of a categorical feature.
        mean: of all steps.
        high: largest value.
        missing: steps without a value.
        categories: how many there are, of a categorical feature.
        same_as: the first feature with exactly its values, if there is one before it.
        names_sequences: whether nearly every sequence has a category of its own, as a name would be.
    """

    name: str
    kind: str
    low: float | None = None
    mean: float | None = None
    high: float | None = None
    missing: int = 0
    categories: int = 0
    same_as: str | None = None
    names_sequences: bool = False

    @property
    def constant(self) -> bool:
        """Whether it never changes, so that nothing can be learned from it."""
        return (
            self.categories == 1
            if self.kind == "categorical"
            else self.low is not None and self.low == self.high
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Time between the steps of a sequence, over all sequences.

    Args:
        low: shortest.
        median: as it says.
        high: longest.
        regular: whether all lie within 1 % of the median.
    """

    low: float
    median: float
    high: float
    regular: bool


def features_of(raw: Sequences) -> list[Feature]:
    """Numeric features, then categorical ones, in the order of their columns."""
    return [*_numeric(raw), *_categorical(raw)]


def _numeric(raw: Sequences) -> list[Feature]:
    flat, names = raw.ragged.flat, list(raw.feature_names)
    found: list[Feature] = []
    seen: dict[bytes, str] = {}
    for k, name in enumerate(names):
        column = flat[:, k]
        missing = int(np.isnan(column).sum())
        same = None
        if k < _MOST_COMPARED:
            same = seen.setdefault(np.ascontiguousarray(column).tobytes(), name)
        if missing == len(column):
            found.append(Feature(name=name, kind="numeric", missing=missing))
            continue
        found.append(
            Feature(
                name=name,
                kind="numeric",
                low=float(np.nanmin(column)),
                mean=float(np.nanmean(column, dtype=np.float64)),
                high=float(np.nanmax(column)),
                missing=missing,
                same_as=None if same == name else same,
            )
        )
    return found


def _categorical(raw: Sequences) -> list[Feature]:
    kept = raw.categories
    if kept is None:
        return []
    codes = kept.codes.flat
    return [
        Feature(
            name=name,
            kind="categorical",
            missing=int((codes[:, k] < 0).sum()),
            categories=len(np.unique(codes[codes[:, k] >= 0, k])),
            names_sequences=_names_sequences(kept.codes, k),
        )
        for k, name in enumerate(kept.names)
    ]


def _names_sequences(codes: Ragged[np.int32], column: int) -> bool:
    """Whether at least half of the sequences begin with a category that no other sequence begins with."""
    counts = Counter(codes.flat[codes.offsets[:-1], column].tolist())
    return len(codes) > 2 and 2 * sum(n == 1 for n in counts.values()) > len(codes)


def intervals_of(times: Ragged[np.float64] | None) -> Intervals | None:
    """Sampling intervals; None where no times are known, or no sequence has two steps."""
    if times is None:
        return None
    steps = np.diff(times.flat)
    within = np.ones(len(steps), dtype=bool)
    ends = times.offsets[1:-1]
    within[ends[(ends > 0) & (ends <= len(steps))] - 1] = False  # from one sequence to the next
    steps = steps[within]
    if not len(steps):
        return None
    median = float(np.median(steps))
    regular = bool(np.abs(steps - median).max() <= REGULAR_WITHIN * median)
    return Intervals(low=float(steps.min()), median=median, high=float(steps.max()), regular=regular)


def histogram(lengths: npt.NDArray[np.int64], bins: int = 10) -> list[tuple[int, int, int]]:
    """Rows (from, to, how many) of lengths in steps, both ends included, of at most `bins` rows of equal width."""
    low, high = int(lengths.min()), int(lengths.max())
    width = -(-(high - low + 1) // bins)
    counts = np.bincount((lengths - low) // width)
    return [(low + k * width, min(low + (k + 1) * width - 1, high), int(n)) for k, n in enumerate(counts)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """Sequences whose contents stand in the data more than once.

    Args:
        sequences: how many repeat one that stood before.
        examples: pairs of ids, the first few.
        other_label: how many repeat one that has another label.
    """

    sequences: int
    examples: Sequence[tuple[str, str]]
    other_label: int


def duplicates_in(raw: Sequences, examples: int = 3) -> Duplicates:
    """Sequences of one part that are the same step by step."""
    first: dict[bytes, int] = {}
    pairs: list[tuple[str, str]] = []
    count = other = 0
    for i, digest in enumerate(raw.item_hashes()):
        k = first.setdefault(digest, i)
        if k != i:
            count += 1
            other += raw.labels is not None and raw.labels[k] != raw.labels[i]
            pairs.append((raw.ids[k], raw.ids[i])) if len(pairs) < examples else None
    return Duplicates(sequences=count, examples=pairs, other_label=other)


def leaks_between(train: Sequences, test: Sequences) -> list[str]:
    """Ids of test sequences whose contents stand in the training part as well."""
    known = set(train.item_hashes())
    return [name for name, digest in zip(test.ids, test.item_hashes(), strict=True) if digest in known]


def balance(labels: Sequence[str]) -> list[tuple[str, int]]:
    """Classes with their numbers of sequences, most frequent first."""
    return Counter(labels).most_common()


def mixed_groups(groups: Sequence[str]) -> int:
    """How many groups have two sequences or more, so that a split by chance could tear them apart."""
    return sum(count > 1 for count in Counter(groups).values())
