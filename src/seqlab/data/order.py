"""Randomness of the data as pure functions: order of (seed, epoch), noise of (seed, epoch, item).

Both come from counter-based generators (Philox; Salmon et al. 2011) keyed by what they depend on and nothing
else, so that a run resumed at any epoch, on any number of processes, sees what it would have seen.
"""

import numpy as np
import numpy.typing as npt

from seqlab.sequences import FloatArray

_ORDER, _JITTER = 1, 2


def permutation(count: int, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    """The order of `count` items in an epoch (from 0)."""
    return _generator(_ORDER, seed, epoch, 0).permutation(count)


def fill_noise(target: FloatArray, seed: int, epoch: int, item: int) -> None:
    """Fill `target`, contiguous [T, F], with the standard normal noise of an item in an epoch (from 0)."""
    _generator(_JITTER, seed, epoch, item).standard_normal(dtype=np.float32, out=target)


def _generator(purpose: int, seed: int, epoch: int, item: int) -> np.random.Generator:
    assert 0 <= seed < 2**32 and 0 <= epoch < 2**32 and 0 <= item < 2**32
    return np.random.Generator(np.random.Philox(key=(purpose << 96) | (seed << 64) | (epoch << 32) | item))
