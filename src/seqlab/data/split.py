"""Stratified splits into training and validation: pure functions of labels, seed, and a fraction or a fold."""

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
    names, class_of, counts = _classes(labels)
    spare = counts - 1
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
    return _parts(validation, names, counts)


def stratified_fold(
    labels: Sequence[str], folds: int, fold: int, seed: int
) -> tuple[Indices, Indices, list[str]]:
    """One split of a repeated stratified cross-validation.

    The members of every class, in an order of chance, are dealt out to the folds like cards, one class after the
    other, so that neither a class nor the whole has two sequences more in one fold than in another. Within a
    repetition every sequence validates exactly once, but for classes with one member, which stays in training.

    Args:
        labels: one class name a sequence.
        folds: into how many parts each repetition deals the sequences, at least 2.
        fold: which of them validates, from 0; `fold // folds` is the repetition.
        seed: the same labels, folds and seed give the same folds.

    Returns:
        As `stratified_split`.

    Raises:
        UserError: if there are fewer sequences to hold out than folds.
    """
    names, class_of, counts = _classes(labels)
    repetition, part = divmod(fold, folds)
    rng = np.random.default_rng((seed, repetition))
    several = [k for k in rng.permutation(len(names)) if counts[k] > 1]
    dealt = np.concatenate([rng.permutation(np.flatnonzero(class_of == k)) for k in several])
    if len(dealt) < folds:
        raise UserError(
            f"data.folds={folds}: only {len(dealt)} training sequences can be held out for validation\n"
            f"expected: at most {len(dealt)} folds"
        )
    return _parts(dealt[part::folds], names, counts)


def _classes(labels: Sequence[str]) -> tuple[npt.NDArray[np.object_], Indices, Indices]:
    """The class names, the number of each sequence's class, and the size of each class.

    Raises:
        UserError: if no class has a second sequence to spare.
    """
    names, class_of = np.unique(np.asarray(labels, dtype=object), return_inverse=True)
    counts = np.bincount(class_of, minlength=len(names))
    if counts.max() < 2:
        raise UserError(
            f"{len(labels)} training sequences of {len(names)} classes: none can be held out for validation\n"
            "expected: at least one class with two sequences or more"
        )
    return names, class_of, counts


def _parts(
    validation: Indices, names: npt.NDArray[np.object_], counts: Indices
) -> tuple[Indices, Indices, list[str]]:
    held_out = np.zeros(counts.sum(), dtype=bool)
    held_out[validation] = True
    singles = [str(name) for name, count in zip(names, counts, strict=True) if count == 1]
    return np.flatnonzero(~held_out), np.flatnonzero(held_out), singles
