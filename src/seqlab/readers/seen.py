"""Which names have been before, at 8 bytes a name."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


class Seen:
    """A set of names that keeps a hash of each: of a million names one is mistaken once in 10 million files."""

    def __init__(self) -> None:
        self._sorted: list[npt.NDArray[np.int64]] = []

    def before(self, names: Sequence[str]) -> npt.NDArray[np.int64]:
        """Take names in.

        Args:
            names: N of them.

        Returns:
            Numbers of those that were taken in by an earlier call, or stand earlier among these, sorted.
        """
        hashes = np.fromiter(map(hash, names), dtype=np.int64, count=len(names))
        distinct, first = np.unique(hashes, return_index=True)
        again = np.ones(len(hashes), dtype=bool)
        again[first] = False
        for known in self._sorted:
            place = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
            again |= known[place] == hashes
        self._take(distinct)
        return np.flatnonzero(again)

    def _take(self, distinct: npt.NDArray[np.int64]) -> None:
        """Few arrays, each at least twice as long as the next: a search goes through all of them."""
        while self._sorted and len(self._sorted[-1]) < 2 * len(distinct):
            distinct = np.union1d(self._sorted.pop(), distinct)
        if len(distinct):
            self._sorted.append(distinct)
