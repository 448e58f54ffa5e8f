"""Pre-tensorised batches: a file lies in memory as one tensor; a batch is gathered in a few operations."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqlab.batch import SequenceBatch
from seqlab.data import order
from seqlab.data.augmentation import Augmentation
from seqlab.data.preparation import Prepared
from seqlab.data.split import Indices


class PackedSequences:
    """All sequences of a file end to end.

    Args:
        prepared: what a model sees of them.
        targets: class numbers [N], or None.
    """

    def __init__(self, prepared: Prepared, targets: Sequence[int] | None) -> None:
        values, tokens = prepared.values, prepared.tokens
        self.flat = _with_blank(values.flat)
        self.tokens = None if tokens is None else _with_blank(tokens.flat)
        self.lengths = torch.from_numpy(values.lengths())
        self.starts = torch.from_numpy(values.offsets[:-1])
        self.targets = None if targets is None else torch.tensor(targets, dtype=torch.int64)

    def __len__(self) -> int:
        """How many sequences there are."""
        return len(self.lengths)

    def gather(self, items: Indices) -> SequenceBatch:
        """The batch of these items, cropped to the longest of them; 0 past a length; `ids` are the items."""
        ids = torch.from_numpy(items)
        lengths = self.lengths[ids]
        steps = torch.arange(int(lengths.max()))
        rows = torch.where(steps < lengths[:, None], self.starts[ids][:, None] + steps, len(self.flat) - 1)
        values, tokens = (
            None
            if flat is None or not flat.shape[1]
            else flat.index_select(0, rows.view(-1)).view(*rows.shape, -1)
            for flat in (self.flat, self.tokens)
        )
        targets = None if self.targets is None else self.targets[ids]
        return SequenceBatch(values=values, tokens=tokens, lengths=lengths, targets=targets, ids=ids)


def _with_blank(flat: npt.NDArray[Any]) -> Tensor:
    """All steps, and one of zeros that all padding points to."""
    return torch.from_numpy(np.concatenate([flat, np.zeros((1, flat.shape[1]), dtype=flat.dtype)]))


class Epochs:
    """The epoch that a loader is in (from 0); Lightning sets it before every one, also after a restart."""

    def __init__(self) -> None:
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning on a loader's `sampler`, with the number of epochs done."""
        self.epoch = epoch


class BatchLoader:
    """The batches of one process, as an iterable with a length that Lightning takes as it is.

    `batch_size` is that of the global batch. Each global batch is dealt out to the processes one item after
    the other, so that together they hold exactly the batch of a single process, and all have equally many
    batches. A process that gets nothing of a batch holds the batch's first item with weight 0; in all other
    batches `weights` is None.

    Args:
        data: the sequences.
        items: which of them, in the order of evaluation.
        batch_size: items in a global batch.
        shuffle_seed: seed of the order and the augmentation of every epoch; None: in order, as they are.
        augmentation: what is done to the sequences; nothing without `shuffle_seed`.
        rank: number of this process.
        world: how many processes there are.
    """

    def __init__(
        self,
        data: PackedSequences,
        items: Indices,
        *,
        batch_size: int,
        shuffle_seed: int | None = None,
        augmentation: Augmentation | None = None,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        assert 0 <= rank < world and batch_size >= 1 and len(items) >= 1
        self.items = items
        self.batch_size = batch_size
        self.sampler = Epochs()  # where Lightning looks for `set_epoch`
        self.batch_sampler = None  # what Lightning asks for wherever there is a sampler
        self._data = data
        self._seed = shuffle_seed
        self._augmentation = augmentation
        self._rank = rank
        self._world = world

    def __len__(self) -> int:
        """Batches in an epoch, the same in every process."""
        return -(-len(self.items) // self.batch_size)

    def set_epoch(self, epoch: int) -> None:
        """Go to an epoch (from 0) by hand, where no Lightning does it."""
        self.sampler.set_epoch(epoch)

    def __iter__(self) -> Iterator[SequenceBatch]:
        """This process's batches of the current epoch."""
        epoch = self.sampler.epoch
        items = self.items
        if self._seed is not None:
            items = items[order.permutation(len(items), self._seed, epoch)]
        for start in range(0, len(items), self.batch_size):
            everyone = items[start : start + self.batch_size]
            share = everyone[self._rank :: self._world]
            yield self._batch(share, epoch) if len(share) else _filler(self._batch(everyone[:1], epoch))

    def _batch(self, items: Indices, epoch: int) -> SequenceBatch:
        batch = self._data.gather(np.ascontiguousarray(items))
        if self._augmentation is not None and self._seed is not None:
            batch = self._augmentation.apply(batch, self._seed, epoch)
        return batch


def _filler(batch: SequenceBatch) -> SequenceBatch:
    weights: Tensor = torch.zeros(batch.size)
    return replace(batch, weights=weights)
