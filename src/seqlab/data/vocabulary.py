"""Categories -> the numbers that an embedding takes: which there are is learnt from training sequences alone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqlab.config.data import Missing
from seqlab.errors import UserError
from seqlab.sequences import Categories, FloatArray, IntArray, Ragged, Sequences

PADDING, UNKNOWN, FIRST = 0, 1, 2
_SHOWN = 5
# Names what is counted: "missing", or "strange", a feature and a category.
Counted = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The categories of one feature by number: 0 is padding, 1 whatever is not among `words`, 2 the first of them.

    Args:
        name: of the feature.
        words: names of the categories, the most frequent first.
    """

    name: str
    words: Sequence[str]

    @property
    def cardinality(self) -> int:
        """How many numbers there are, padding and the unknown among them."""
        return FIRST + len(self.words)

    def numbers(self, codes: Sequence[str]) -> IntArray:
        """Number of each of these categories, and of a missing one at the end [len(codes) + 1]."""
        known = {word: FIRST + k for k, word in enumerate(self.words)}
        return np.array([*(known.get(word, UNKNOWN) for word in codes), UNKNOWN], dtype=np.int64)


def fit(categories: Categories | None, items: IntArray, most: int | None = None) -> list[Vocabulary]:
    """One vocabulary a feature: the categories that stand in these sequences.

    Args:
        categories: of all sequences; None where there are none.
        items: numbers of the training sequences.
        most: how many are kept of a feature, the most frequent; None: all.
    """
    if categories is None:
        return []
    codes = categories.codes.flat[categories.codes.rows_of(items)]
    found: list[Vocabulary] = []
    for column, (name, words) in enumerate(zip(categories.names, categories.categories, strict=True)):
        counts = np.bincount(codes[:, column] + 1, minlength=len(words) + 1)[1:]
        order = sorted(np.flatnonzero(counts), key=lambda k: (-int(counts[k]), words[int(k)]))
        found.append(Vocabulary(name=name, words=[words[int(k)] for k in order[:most]]))
    return found


def numbered(steps: Sequences, vocabularies: Sequence[Vocabulary], how: Missing) -> Ragged[np.int64] | None:
    """Numbers [T_i, K] of the categories of sequences that have these features; None where there are none.

    Args:
        steps: the sequences.
        vocabularies: of the features.
        how: what is done where a category is missing; one with none before it counts as unknown.
    """
    if steps.categories is None:
        return None
    categories = _filled(steps.categories, how)
    codes = categories.codes.flat
    tokens = np.empty(codes.shape, dtype=np.int64)
    for column, (vocabulary, words) in enumerate(zip(vocabularies, categories.categories, strict=True)):
        tokens[:, column] = vocabulary.numbers(words)[codes[:, column]]
    return categories.codes.with_flat(tokens)


def shares(tokens: Ragged[np.int64], items: IntArray, cardinalities: Sequence[int], most: int) -> FloatArray:
    """How many steps of each of these sequences hold each number from 1 on, as shares of its steps [N, V].

    Args:
        tokens: numbers [T_i, K].
        items: numbers of the sequences.
        cardinalities: of the K columns.
        most: numbers of a column that are counted, the first ones; at least 1.
    """
    rows, lengths = tokens.rows_of(items), tokens.lengths()[items]
    owners = np.repeat(np.arange(len(items)), lengths)
    found: list[FloatArray] = []
    for column, cardinality in enumerate(cardinalities):
        width = max(1, min(cardinality - 1, most))
        numbers = tokens.flat[rows, column]
        counted = (numbers > 0) & (numbers <= width)
        places = owners[counted] * width + numbers[counted] - 1
        counts = np.bincount(places, minlength=len(items) * width).reshape(len(items), width)
        found.append((counts / lengths[:, None]).astype(np.float32))
    return np.concatenate(found, axis=1)


def require_features(raw: Sequences, vocabularies: Sequence[Vocabulary]) -> None:
    """End where sequences have other categorical features than training had.

    Raises:
        UserError: naming both.
    """
    names = list(raw.categories.names) if raw.categories is not None else []
    expected = [vocabulary.name for vocabulary in vocabularies]
    if names != expected:
        raise UserError(
            f"categorical features: {', '.join(names) or 'none'}\n"
            f"expected: {', '.join(expected) or 'none, numbers alone'}, as in training"
        )


def _filled(categories: Categories, how: Missing) -> Categories:
    """Categories of which a missing one is the last before it (forward_fill and interpolate), if there is one."""
    codes = categories.codes
    if how not in ("forward_fill", "interpolate") or not (codes.flat < 0).any():
        return categories
    rows = np.arange(len(codes.flat))
    starts = np.repeat(codes.offsets[:-1], codes.lengths())
    flat = codes.flat.copy()
    for column in range(flat.shape[1]):
        last = np.maximum.accumulate(np.where(codes.flat[:, column] >= 0, rows, -1))
        flat[:, column] = np.where(last >= starts, codes.flat[np.maximum(last, 0), column], -1)
    return replace(categories, codes=codes.with_flat(flat))


def missing(raw: Sequences) -> int:
    """How many categories are missing."""
    return 0 if raw.categories is None else int((raw.categories.codes.flat < 0).sum())


def refuse_missing(raw: Sequences) -> None:
    """End where categories are missing.

    Raises:
        UserError: naming the first by sequence, step and feature, and how many there are.
    """
    if not (count := missing(raw)):
        return
    assert raw.categories is not None
    codes = raw.categories.codes
    row, column = (int(k) for k in np.argwhere(codes.flat < 0)[0])
    number = _owner(codes, row)
    raise UserError(
        f"sequence {raw.ids[number]!r}, step {row - int(codes.offsets[number])} (from 0), feature "
        f"{raw.categories.names[column]!r}: the category is missing; {count:,} in all\n"
        "expected: no missing values (data.missing=refuse); accepted in training with data.missing=forward_fill, "
        "interpolate or mask"
    )


@dataclass(frozen=True, slots=True)
class _Strange:
    """Categories of a feature that training did not have: at which steps, and which words."""

    name: str
    rows: IntArray
    words: list[str]


def _strange(steps: Sequences, vocabularies: Sequence[Vocabulary]) -> list[_Strange]:
    categories = steps.categories
    found: list[_Strange] = []
    if categories is None:
        return found
    for column, (vocabulary, words) in enumerate(zip(vocabularies, categories.categories, strict=True)):
        unknown = vocabulary.numbers(words) == UNKNOWN
        unknown[-1] = False  # a missing one is no other category
        codes = categories.codes.flat[:, column]
        if len(rows := np.flatnonzero(unknown[codes])):
            which = np.unique(codes[rows], return_index=True)
            first = which[0][np.argsort(which[1])]
            found.append(_Strange(vocabulary.name, rows, [words[int(k)] for k in first]))
    return found


def refuse_unseen(steps: Sequences, vocabularies: Sequence[Vocabulary]) -> None:
    """End where there are categories that training did not have.

    Raises:
        UserError: naming sequence, feature and category of the first, and how many there are.
    """
    for strange in _strange(steps, vocabularies):
        known = next(v.words for v in vocabularies if v.name == strange.name)
        number = _owner(steps.ragged, int(strange.rows[0]))
        more = f" and {len(known) - _SHOWN:,} more" if len(known) > _SHOWN else ""
        raise UserError(
            f"sequence {steps.ids[number]!r}, feature {strange.name!r}: {strange.words[0]!r}, which the sequences that "
            f"are trained on do not have; {len(strange.rows):,} such steps in all\n"
            f"expected: {', '.join(known[:_SHOWN])}{more} (data.unseen=refuse); data.unseen=unknown in training takes "
            "others as unknown"
        )


def counted(steps: Sequences, vocabularies: Sequence[Vocabulary]) -> Counter[Counted]:
    """What numbering these categories changes, in numbers that can be added to those of other sequences."""
    found: Counter[Counted] = Counter({("steps",): len(steps.ragged.flat), ("no category",): missing(steps)})
    for strange in _strange(steps, vocabularies):
        found["strange", strange.name] += len(strange.rows)
        found.update(("strange", strange.name, word) for word in strange.words)
    return found


def in_sentences(counted: Counter[Counted], vocabularies: Sequence[Vocabulary], how: Missing) -> list[str]:
    """Sentences on what numbering categories changes, of `counted`."""
    said: list[str] = []
    if count := counted["no category",]:
        stands = "counts as unknown" if how == "mask" else "is the last one before it"
        said.append(f"{count:,} missing categor{'y' if count == 1 else 'ies'}: each {stands}")
    for vocabulary in vocabularies:
        rows = counted["strange", vocabulary.name]
        words = [key[2] for key in counted if key[:2] == ("strange", vocabulary.name) and len(key) == 3]
        if not rows:
            continue
        shown = ", ".join(map(repr, words[:_SHOWN])) + (", ..." if len(words) > _SHOWN else "")
        said.append(
            f"{vocabulary.name}: {rows:,} of {counted['steps',]:,} steps hold one of {len(words):,} that the "
            f"vocabulary lacks ({shown}): unknown to the network"
        )
    return said


def _owner(ragged: Ragged[np.float32] | Ragged[np.int32], row: int) -> int:
    return int(np.searchsorted(ragged.offsets, row, side="right")) - 1
