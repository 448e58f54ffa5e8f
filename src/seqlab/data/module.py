"""`SequenceData`: from a source to batches; the test part stays unread until it is asked for."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from seqlab.batch import TaskSpec
from seqlab.config.data import DataConfig
from seqlab.data import leaks, order
from seqlab.data.augmentation import Augmentation
from seqlab.data.batches import BatchLoader, PackedSequences
from seqlab.data.labels import natural_order
from seqlab.data.missing import counts
from seqlab.data.preparation import Preparation, Prepared
from seqlab.data.source import Source, labels_of
from seqlab.data.split import Indices, split_of
from seqlab.data.vocabulary import missing, shares
from seqlab.errors import UserError, nearest
from seqlab.sequences import FloatArray, Sequences

Part = Literal["train", "validation", "test"]
# Batches of training that are evaluated as one: without gradients no more memory is needed for it.
_EVALUATED_AT_ONCE = 4
# Categories of a feature, and numbers in all, that a model of shares is shown.
_MOST_SHARES, _MOST_NUMBERS = 1000, 2**26


@dataclass(frozen=True, slots=True)
class _File:
    """One file of a source: as it was read, with texts cut into steps, and prepared."""

    raw: Sequences
    cut: Sequences
    prepared: Prepared
    labels: npt.NDArray[np.int64]
    packed: PackedSequences


class SequenceData:
    """The data of one run.

    Nothing is read before the first question; until then it is cheap to pickle for another process.

    Args:
        source: where the sequences come from.
        config: how to split, scale and batch them.
        seed: the run's seed: of the split, and of order and noise, unless `config` sets seeds of their own.
        preparation: scaling of a trained model; None: fitted on the training part.
        overfit_batches: let both training and validation be the items of so many first batches; None: the split.

    Reading raises `UserError` where the data cannot be learned from: no labels, one class, too few sequences.
    """

    def __init__(
        self,
        source: Source,
        config: DataConfig,
        seed: int,
        preparation: Preparation | None = None,
        overfit_batches: int | None = None,
    ) -> None:
        self.source = source
        self.config = config
        self.split_seed = seed if config.split_seed is None else config.split_seed
        self.order_seed = seed if config.order_seed is None else config.order_seed
        self._given_preparation = preparation
        self._overfit_batches = overfit_batches
        self._test_notes: list[str] = []

    @cached_property
    def _train_raw(self) -> Sequences:
        raw = self.source.read_train()
        labels = labels_of(raw, f"{self.source.name}: the training part")
        if len(set(labels)) < 2:
            raise UserError(
                f"{self.source.name}: all {len(raw)} training sequences have the label {labels[0]!r}\n"
                "expected: at least two classes"
            )
        return raw

    @cached_property
    def _split(self) -> tuple[Indices, Indices, list[str]]:
        config = self.config
        try:
            train, validation, notes = split_of(self._train_raw, config, self.split_seed)
        except UserError as error:
            raise UserError(f"{self.source.name}: {error}") from None
        if self.source.leaks != "expected":
            notes += self._accepted(leaks.in_split(self._train_raw, train, validation))
        if self._overfit_batches is not None:
            first = order.permutation(len(train), self.order_seed, 0)[
                : self._overfit_batches * config.batch_size
            ]
            train = np.sort(train[first])
            validation = train if config.validates else validation
        return train, validation, notes

    def _accepted(self, found: list[str]) -> list[str]:
        """What stands in two parts, for the notes; or the end of it, where that is a mistake."""
        if found and self.source.leaks == "refused":
            raise UserError(f"{self.source.name}: {found[0]}\nexpected: {leaks.EXPECTED}")
        return found

    @cached_property
    def preparation(self) -> Preparation:
        """The scaling: the one given, or fitted on the training part without validation."""
        if self._given_preparation is not None:
            return self._given_preparation
        try:
            return Preparation.fit(self._train_raw, self._split[0], self.config)
        except UserError as error:
            raise UserError(f"{self.source.name}: {error}") from None

    @cached_property
    def _train_cut(self) -> Sequences:
        return self.preparation.cut(self._train_raw)

    @cached_property
    def _train_file(self) -> _File:
        return self._prepare(self._train_raw, 0)

    @cached_property
    def _test_file(self) -> _File:
        raw = self.source.read_test()
        labels = labels_of(raw, f"{self.source.name}: the test part")
        unknown = next((label for label in labels if label not in self.spec.classes), None)
        if unknown is not None:
            near = nearest(unknown, self.spec.classes)
            hint = f"; did you mean {near}?" if near else ""
            shown = ", ".join(self.spec.classes[:12]) + (", ..." if len(self.spec.classes) > 12 else "")
            raise UserError(
                f"{self.source.name}: the test part has a class {unknown!r} that training has not\n"
                f"expected: one of {shown}{hint}"
            )
        if self.source.leaks != "expected":
            self._test_notes = self._accepted(leaks.in_test(self._train_raw, raw))
        return self._prepare(raw, 1)

    def _prepare(self, raw: Sequences, file: int) -> _File:
        try:
            cut = self._train_cut if file == 0 else self.preparation.cut(raw)
            prepared = self.preparation.apply(cut)
        except UserError as error:
            raise UserError(f"{self.source.name}: {error}") from None
        if self.config.shuffle_time:
            prepared = _shuffled(prepared, self.config.order_seed or 0, file)
        assert raw.labels is not None
        number = {name: k for k, name in enumerate(self.spec.classes)}
        labels = np.array([number[label] for label in raw.labels], dtype=np.int64)
        return _File(raw, cut, prepared, labels, PackedSequences(prepared, labels.tolist()))

    @cached_property
    def _train_hash(self) -> str:
        return self._train_raw.content_hash()

    @cached_property
    def _test_hash(self) -> str:
        return self._test_file.raw.content_hash()

    def nbytes(self) -> int:
        """Memory that the sequences read so far take, roughly, in bytes."""
        known = self.__dict__
        files = [known["_train_raw"]] if "_train_raw" in known else []
        files += [known["_test_file"].raw] if "_test_file" in known else []
        return sum(3 * raw.ragged.flat.nbytes for raw in files)  # as read, prepared, in batches

    @cached_property
    def spec(self) -> TaskSpec:
        """What the data promise; class counts are those of the training part without validation."""
        raw, (train, validation, _) = self._train_raw, self._split
        assert raw.labels is not None
        classes = natural_order(raw.labels)
        counts = dict.fromkeys(classes, 0)
        for i in map(int, train):
            counts[raw.labels[i]] += 1
        return TaskSpec(
            target="label",
            features=self.preparation.prepared_features,
            categories=[vocabulary.name for vocabulary in self.preparation.vocabularies],
            cardinalities=[vocabulary.cardinality for vocabulary in self.preparation.vocabularies],
            classes=classes,
            sizes={"train": len(train)} | ({"validation": len(validation)} if self.config.validates else {}),
            class_counts=list(counts.values()),
            longest=int(self.preparation.lengths(self._train_cut).max()),
        )

    def facts(self) -> dict[str, Any]:
        """What a person wants to know of the data; plain contents for result.json.

        Returns:
            name; kind of the source; sizes of the parts (test only once it was read); lengths in time steps
            {min, median, mean, max} of the training file, as a model sees them; features (how many numeric ones);
            categories {categorical feature: numbers it takes, padding and unknown among them}; classes {name: training
            sequences, without validation}; missing (values of the training file); content_hash of the training file;
            test_hash of the test file, None if unread; notes, sentences on what is odd.
        """
        raw, spec = self._train_cut, self.spec
        lengths = self.preparation.lengths(raw)
        sizes = dict(spec.sizes)
        if "_test_file" in self.__dict__:
            sizes["test"] = len(self._test_file.raw)
        notes = [*self._split[2], *self._test_notes]
        if not self.config.validates:
            notes.append("no validation part (data.validation_fraction=0): the last epoch is the result")
        if self.config.shuffle_time:
            notes.append("the time steps of every sequence are in an order of chance (data.shuffle_time)")
        changes = self.preparation.changes(raw)
        notes.extend(changes)
        if "test" in sizes:
            others = self.preparation.changes(self._test_file.cut)
            notes.extend(f"test part: {change}" for change in others if change not in changes)
        notes.extend(self.source.notes)
        return {
            "name": self.source.name,
            "kind": self.config.kind,
            "sizes": sizes,
            "lengths": {
                "min": int(lengths.min()),
                "median": float(np.median(lengths)),
                "mean": float(lengths.mean()),
                "max": int(lengths.max()),
            },
            "features": len(spec.features),
            "categories": dict(zip(spec.categories, spec.cardinalities, strict=True)),
            "classes": dict(zip(spec.classes, spec.class_counts, strict=True)),
            "missing": int(counts(raw).sum()) + missing(raw),
            "content_hash": self._train_hash,
            "test_hash": self._test_hash if "test" in sizes else None,
            "notes": notes,
        }

    def train_loader(self, rank: int = 0, world: int = 1) -> BatchLoader:
        """Shuffled training batches of process `rank` of `world`."""
        return BatchLoader(
            self._train_file.packed,
            self._split[0],
            batch_size=self.config.batch_size,
            shuffle_seed=self.order_seed,
            augmentation=Augmentation.of(self.config),
            rank=rank,
            world=world,
        )

    def validation_loader(self, rank: int = 0, world: int = 1) -> BatchLoader:
        """Validation batches of process `rank` of `world`, in order; there must be a validation part."""
        return self._evaluation_loader(self._train_file, self._split[1], rank, world)

    def sample_loader(self) -> BatchLoader:
        """Batches to look at a network with, in order: of the validation part, or of training where there is none."""
        return self._evaluation_loader(
            self._train_file, self.indices("validation" if self.config.validates else "train")
        )

    def test_loader(self, rank: int = 0, world: int = 1) -> BatchLoader:
        """Test batches of one process, in order; reads the test part."""
        return self._evaluation_loader(self._test_file, self.indices("test"), rank, world)

    def _evaluation_loader(self, file: _File, items: Indices, rank: int = 0, world: int = 1) -> BatchLoader:
        size = _EVALUATED_AT_ONCE * self.config.batch_size
        return BatchLoader(file.packed, items, batch_size=size, rank=rank, world=world)

    def indices(self, part: Part) -> Indices:
        """Sorted numbers of a part's sequences within their file [N] int64: the `ids` of its batches."""
        if part == "test":
            return np.arange(len(self._test_file.raw))
        return self._split[0] if part == "train" else self._split[1]

    def ids(self, part: Part) -> list[str]:
        """Names of the sequences of a part, in the order of `indices`."""
        raw = self._test_file.raw if part == "test" else self._train_raw
        return [raw.ids[i] for i in map(int, self.indices(part))]

    def arrays(self, part: Part) -> tuple[list[FloatArray], npt.NDArray[np.int64]]:
        """Prepared arrays [T_i, F] and class numbers [N] of a part, in the order of `indices`."""
        file = self._test_file if part == "test" else self._train_file
        indices = self.indices(part)
        return [file.prepared.values[i] for i in indices], file.labels[indices]

    def shares(self, part: Part) -> FloatArray | None:
        """Of every sequence of a part, how many of its steps hold each category, as shares [N, V].

        The most frequent of every feature, fewer of larger data; None where there are no categories.
        """
        file = self._test_file if part == "test" else self._train_file
        if file.prepared.tokens is None:
            return None
        most = min(_MOST_SHARES, _MOST_NUMBERS // len(self._split[0]))
        return shares(file.prepared.tokens, self.indices(part), self.spec.cardinalities, most)

    def fingerprint(self) -> str:
        """A hash of content, split and scaling: the key under which baselines are kept."""
        digest = hashlib.sha256(self._train_hash.encode())
        digest.update(self._split[0].astype("<i8").tobytes())
        digest.update(repr(self.preparation.to_dict()).encode())
        return digest.hexdigest()


def _shuffled(prepared: Prepared, seed: int, file: int) -> Prepared:
    """The steps of every sequence in an order of chance."""
    values = prepared.values
    orders = order.time_permutations(values.lengths().tolist(), seed, file)
    rows = np.concatenate([start + steps for start, steps in zip(values.offsets, orders, strict=False)])
    tokens = None if prepared.tokens is None else prepared.tokens.with_flat(prepared.tokens.flat[rows])
    return replace(prepared, values=values.with_flat(values.flat[rows]), tokens=tokens)
