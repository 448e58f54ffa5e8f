"""The stratified split into training and validation: a pure function of labels, fraction and seed."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seqlab.errors import UserError

Indices = npt.NDArray[np.int64]


def stratified_split(labels: Sequence[str], fraction: float, seed: int) -> tuple[Indices, Indices, list[str]]:
    """Split by class, each in proportion to its size; training keeps at least one sequence of every class.

    The validation part has `fraction` of all sequences, rounded, at least 1 and at most what the classes can
    spare. Shares that do not come out even are rounded by largest remainder, ties drawn by the seed.

    Args:
        labels: one class name a sequence.
        fraction: share of the validation part, above 0 and below 1.
        seed: the same labels, fraction and seed give the same split.

    Returns:
        Indices of the training part and of the validation part, both sorted, and the classes that have one
        member only, which stays in training.

    Raises:
        UserError: if no class has a second sequence to spare.
    """
    names, class_of = np.unique(np.asarray(labels, dtype=object), return_inverse=True)
    counts = np.bincount(class_of, minlength=len(names))
    spare = counts - 1
    if spare.sum() < 1:
        raise UserError(
            f"{len(labels)} training sequences of {len(names)} classes: none can be held out for validation\n"
            "expected: at least one class with two sequences or more"
        )
    rng = np.random.default_rng(seed)
    wanted = int(np.clip(round(fraction * len(labels)), 1, spare.sum()))
    shares = fraction * counts
    quota = np.minimum(np.floor(shares).astype(np.int64), spare)
    while quota.sum() != wanted:  # at most once a class, but for classes that have nothing to spare
        step = 1 if quota.sum() < wanted else -1
        room = (quota < spare) if step > 0 else (quota > 0)
        missing = np.where(room, step * (shares - quota), -np.inf)
        tied = np.flatnonzero(missing >= missing.max() - 1e-9)
        quota[rng.choice(tied)] += step
    validation = np.concatenate(
        [rng.permutation(np.flatnonzero(class_of == k))[: quota[k]] for k in range(len(names))]
    )
    held_out = np.zeros(len(labels), dtype=bool)
    held_out[validation] = True
    singles = [str(name) for name, count in zip(names, counts, strict=True) if count == 1]
    return np.flatnonzero(~held_out), np.flatnonzero(held_out), singles
