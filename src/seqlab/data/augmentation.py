"""Augmentation of training batches: every change is a pure function of (seed, epoch, item)."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from seqlab.batch import SequenceBatch
from seqlab.config.data import DataConfig
from seqlab.data import order

_KNOTS = 4  # places where the speed of a warped sequence is drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """What is done to training sequences, in this order; tokens are cropped, warped and masked alone.

    Args:
        random_crop: share of the steps that is kept, one stretch anywhere, at least one step; 1: all.
        time_warp: standard deviation of the logarithm of the speed at four places, between which it changes evenly;
            first and last step and the length stay; tokens are those of the nearest step (Um et al. 2017).
        scale_jitter: standard deviation of the logarithm of a factor for every feature.
        jitter: standard deviation of Gaussian noise on every value.
        time_mask: share of the steps that is set to 0, one stretch anywhere (Park et al. 2019); as a token, 0 is
            padding, whose vector is 0.
    """

    random_crop: float = 1.0
    time_warp: float = 0.0
    scale_jitter: float = 0.0
    jitter: float = 0.0
    time_mask: float = 0.0

    @classmethod
    def of(cls, config: DataConfig) -> "Augmentation":
        """What the settings of the data ask for."""
        return cls(
            random_crop=config.random_crop,
            time_warp=config.time_warp,
            scale_jitter=config.scale_jitter,
            jitter=config.jitter,
            time_mask=config.time_mask,
        )

    def apply(self, batch: SequenceBatch, seed: int, epoch: int) -> SequenceBatch:
        """The batch, changed; its values and tokens may be written to.

        Args:
            batch: with the items' numbers as `ids`.
            seed: of the order and of all noise.
            epoch: from 0.
        """
        if self == Augmentation():
            return batch
        assert batch.ids is not None
        items: list[int] = batch.ids.tolist()
        if self.random_crop < 1:
            batch = _cropped(batch, self.random_crop, seed, epoch, items)
        if self.time_warp:
            batch = _warped(batch, self.time_warp, seed, epoch, items)
        values = batch.values
        lengths: list[int] = batch.lengths.tolist()
        if self.scale_jitter and values is not None:
            drawn = [g.standard_normal(values.shape[2]) for g in order.streams("scale", seed, epoch, items)]
            factors = np.exp(self.scale_jitter * np.stack(drawn)).astype(np.float32)
            values.mul_(torch.from_numpy(factors)[:, None])
        if self.jitter and values is not None:
            noise = order.noise(lengths, values.shape[2], seed, epoch, items)
            values.add_(torch.from_numpy(noise), alpha=self.jitter)
        if self.time_mask:
            streams = order.streams("mask", seed, epoch, items)
            for row, (length, generator) in enumerate(zip(lengths, streams, strict=True)):
                hidden = round(self.time_mask * length)
                start = int(generator.integers(length - hidden + 1))
                for steps in (values, batch.tokens):
                    if steps is not None:
                        steps[row, start : start + hidden] = 0
        return batch


def _cropped(batch: SequenceBatch, share: float, seed: int, epoch: int, items: list[int]) -> SequenceBatch:
    """A stretch of every sequence; the batch becomes as short as the longest of them."""
    lengths = batch.lengths.tolist()
    kept = [max(1, round(share * length)) for length in lengths]
    streams = order.streams("crop", seed, epoch, items)
    starts = [
        int(generator.integers(length - keep + 1))
        for generator, length, keep in zip(streams, lengths, kept, strict=True)
    ]
    steps = torch.arange(max(kept))
    real = steps < torch.tensor(kept)[:, None]
    places = torch.where(real, torch.tensor(starts)[:, None] + steps, 0)
    return _taken(batch, places, real, torch.tensor(kept))


def _warped(batch: SequenceBatch, strength: float, seed: int, epoch: int, items: list[int]) -> SequenceBatch:
    """Sequences of the same lengths that pass faster here and slower there."""
    given = batch.values if batch.values is not None else batch.tokens
    assert given is not None
    values = None if batch.values is None else batch.values.numpy()
    nearest = np.tile(np.arange(given.shape[1]), (batch.size, 1))
    streams = order.streams("warp", seed, epoch, items)
    for row, (length, generator) in enumerate(zip(batch.lengths.tolist(), streams, strict=True)):
        knots = strength * generator.standard_normal(_KNOTS)
        speed = np.exp(np.interp(np.linspace(0, _KNOTS - 1, length), np.arange(_KNOTS), knots))
        if length > 2:
            passed = np.concatenate([[0.0], np.cumsum(speed[:-1] + speed[1:])])
            when = passed / passed[-1] * (length - 1)
            nearest[row, :length] = np.rint(when)
            if values is not None:
                steps = values[row]
                low = np.minimum(when.astype(np.int64), length - 2)
                part = (when - low)[:, None].astype(np.float32)
                steps[:length] = steps[low] * (1 - part) + steps[low + 1] * part
    if batch.tokens is None:
        return batch
    rows = torch.arange(batch.size)[:, None]
    return replace(batch, tokens=batch.tokens[rows, torch.from_numpy(nearest)])


def _taken(
    batch: SequenceBatch, places: torch.Tensor, real: torch.Tensor, lengths: torch.Tensor
) -> SequenceBatch:
    """The steps at these places [B, T] of every sequence, 0 where they are not real."""
    rows = torch.arange(len(places))[:, None]
    values, tokens = (
        None if x is None else x[rows, places] * real[..., None] for x in (batch.values, batch.tokens)
    )
    return replace(batch, values=values, tokens=tokens, lengths=lengths)
