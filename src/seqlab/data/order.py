"""Randomness of the data as pure functions: order of (seed, epoch), noise of (seed, epoch, item), time of (seed, item).

All come from a counter-based generator (Philox; Salmon et al. 2011) keyed by what they depend on and nothing
else, so that a run resumed at any epoch, on any number of processes, sees what it would have seen.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from seqlab.sequences import FloatArray

_ORDER, _JITTER, _TIME = 1, 2, 3
_CHANGES = {"scale": 4, "mask": 5, "crop": 6, "warp": 7}


def permutation(count: int, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    """The order of `count` items in an epoch (from 0)."""
    return np.random.Generator(_keyed(np.random.Philox(0), _ORDER, seed, epoch, 0)).permutation(count)


def noise(lengths: Sequence[int], features: int, seed: int, epoch: int, items: Sequence[int]) -> FloatArray:
    """Standard normal noise of items in an epoch (from 0): [B, longest, features], 0 past a length."""
    block = np.zeros((len(lengths), max(lengths), features), dtype=np.float32)
    source = np.random.Philox(0)
    generator = np.random.Generator(source)
    for row, length, item in zip(block, lengths, items, strict=True):
        _keyed(source, _JITTER, seed, epoch, item)
        generator.standard_normal(dtype=np.float32, out=row[:length])
    return block


def streams(
    change: Literal["scale", "mask", "crop", "warp"], seed: int, epoch: int, items: Sequence[int]
) -> Iterator[np.random.Generator]:
    """For each of these items in an epoch (from 0), a generator for one change; used before the next is asked for."""
    source = np.random.Philox(0)
    generator = np.random.Generator(source)
    for item in items:
        _keyed(source, _CHANGES[change], seed, epoch, item)
        yield generator


def time_permutations(lengths: Sequence[int], seed: int, file: int) -> list[npt.NDArray[np.int64]]:
    """For every item of a file, a new order of its time steps [T_i]; the same in every epoch.

    Args:
        lengths: of the items, in time steps.
        seed: the same seed gives the same orders.
        file: number of the file that the items are in.
    """
    source = np.random.Philox(0)
    generator = np.random.Generator(source)
    orders: list[npt.NDArray[np.int64]] = []
    for item, length in enumerate(lengths):
        _keyed(source, _TIME, seed, file, item)
        orders.append(generator.permutation(length))
    return orders


def _keyed(source: np.random.Philox, purpose: int, seed: int, epoch: int, item: int) -> np.random.Philox:
    """`source` at the start of the stream of this key; setting it costs a tenth of making a new one."""
    assert 0 <= seed < 2**32 and 0 <= epoch < 2**32 and 0 <= item < 2**32
    key = np.array([(epoch << 32) | item, (purpose << 32) | seed], dtype=np.uint64)
    zeros = np.zeros(4, dtype=np.uint64)
    source.state = {
        "bit_generator": "Philox",
        "state": {"counter": zeros, "key": key},
        "buffer": zeros,
        "buffer_pos": 4,
        "has_uint32": 0,
        "uinteger": 0,
    }
    return source
