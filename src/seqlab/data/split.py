"""Splits into training and validation, by class or by whole groups: pure functions of labels, seed, share or fold."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from seqlab.config.data import DataConfig
from seqlab.errors import UserError
from seqlab.sequences import Sequences

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


def split_of(raw: Sequences, config: DataConfig, seed: int) -> tuple[Indices, Indices, list[str]]:
    """The split that a run of these settings has: by whole groups where the sequences say what they were taken from.

    Sequences of one machine or person resemble each other, so that a network scored on groups it was trained on
    looks better than it will be on a new one (Saeb et al. 2017, https://doi.org/10.1093/gigascience/gix019).

    Args:
        raw: the training file.
        config: its `folds`, `fold`, `validation_fraction` and `split` are followed.
        seed: of the split.

    Returns:
        Indices of training and of validation, both sorted, and sentences on what is odd.

    Raises:
        UserError: if there is nothing to hold out, or no group where the split is to go by groups.
    """
    labels = raw.labels
    assert labels is not None
    everything = np.arange(len(labels))
    if not config.validates:
        return everything, np.arange(0), []
    if goes_by_groups(raw, config):
        if raw.groups is None:
            raise UserError(
                "data.split=group: these data do not say what a sequence was taken from\n"
                "expected: data.group=COLUMN, or data.split=stratified"
            )
        return _by_group(labels, raw.groups, config, seed)
    if config.folds is not None:
        train, validation, singles = stratified_fold(labels, config.folds, config.fold, seed)
    else:
        train, validation, singles = stratified_split(labels, config.validation_fraction, seed)
    return (
        train,
        validation,
        [f"class {name} has a single sequence, which stays in training" for name in singles],
    )


def goes_by_groups(raw: Sequences, config: DataConfig) -> bool:
    """Whether whole groups are held out: as asked, or since the data name them."""
    return config.split == "group" or (config.split is None and raw.groups is not None)


def _by_group(
    labels: Sequence[str], groups: Sequence[str], config: DataConfig, seed: int
) -> tuple[Indices, Indices, list[str]]:
    """Whole groups into validation, or into folds, the classes of each part as near to their share as groups allow."""
    repetition, part = divmod(config.fold, config.folds) if config.folds is not None else (0, 0)
    shares = [config.validation_fraction, 1 - config.validation_fraction]
    if config.folds is not None:
        shares = [1 / config.folds] * config.folds
    class_names, class_of = np.unique(np.asarray(labels, dtype=object), return_inverse=True)
    group_names, group_of = np.unique(np.asarray(groups, dtype=object), return_inverse=True)
    if len(group_names) < len(shares):
        raise UserError(
            f"{len(group_names)} groups: too few for {len(shares)} parts, each of which needs a group of its own\n"
            "expected: more groups, fewer data.folds, or data.split=stratified, which mixes them"
        )
    counts = np.zeros((len(group_names), len(class_names)))
    np.add.at(counts, (group_of, class_of), 1)
    bin_of = _dealt(counts, np.asarray(shares), np.random.default_rng((seed, repetition)))
    held_out = bin_of[group_of] == part
    train, validation = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    notes = [
        f"validation holds {int((bin_of == part).sum()):,} of {len(group_names):,} groups, training the others"
    ]
    lost = sorted(
        {str(class_names[k]) for k in class_of[validation]} - {str(class_names[k]) for k in class_of[train]}
    )
    if lost:
        notes.append(f"classes that only groups of validation have: {', '.join(lost[:10])}")
    return train, validation, notes


def _dealt(
    counts: npt.NDArray[np.float64], shares: npt.NDArray[np.float64], rng: np.random.Generator
) -> Indices:
    """Which bin each group goes into: the largest first, each to where it brings all classes nearest to the shares.

    Args:
        counts: sequences of every class in every group [G, C]; G is at least the number of bins.
        shares: of the bins [B], which sum to 1.
        rng: decides in which order groups of the same size come.
    """
    wanted = shares[:, None] * counts.sum(axis=0)
    weight = 1 / counts.sum(axis=0)
    held = np.zeros_like(wanted)
    bin_of = np.zeros(len(counts), dtype=np.int64)
    shuffled = rng.permutation(len(counts))
    order = shuffled[np.argsort(-counts[shuffled].sum(axis=1), kind="stable")]
    for place, group in enumerate(order):
        empty = np.flatnonzero(held.sum(axis=1) == 0)
        open_bins = empty if len(empty) >= len(order) - place else np.arange(len(shares))
        before, after = held - wanted, held + counts[group] - wanted
        worse = ((after**2 - before**2) * weight).sum(axis=1)
        chosen = open_bins[worse[open_bins].argmin()]
        held[chosen] += counts[group]
        bin_of[group] = chosen
    return bin_of


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
