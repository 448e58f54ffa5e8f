"""What trials are chosen by: out-of-fold scores where a validation part would be too small (docs/protocol.md, rule 4).

Sizes are counted on the data and their split as runs see them, without torch, before the first trial.
"""

import dataclasses
from collections.abc import Sequence

from seqlab.config.build import to_plain
from seqlab.config.experiment import Experiment
from seqlab.config.registry import load, part
from seqlab.data.source import Source, labels_of
from seqlab.data.split import goes_by_groups, split_of
from seqlab.errors import UserError
from seqlab.replication import FEW_ITEMS, Folds, Validation
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.definition import Sweep

_FOLDS = 5
# Where all training sequences together are fewer than FEW_ITEMS, every one is scored so often. More would cost _FOLDS
# trainings each, and the sequences would stay the same.
_REPEATS = 2


def with_validation(sweep: Sweep, arms: Sequence[ComposedArm]) -> tuple[Sweep, Validation]:
    """The sweep with its folds settled: those of its file, or as many as the protocol asks for.

    Args:
        sweep: a comparison.
        arms: composed. The one with the fewest sequences to validate by decides for all.

    Returns:
        The sweep, to be frozen, and what its trials are chosen by.

    Raises:
        UserError: if an arm sets folds of its own, or its data cannot be read or split.
    """
    parts: dict[str, tuple[int, int, int]] = {}
    for arm in arms:
        experiment = arm.experiment(arm.walk(lambda parameter: parameter.ends()[0]))
        if experiment.data.folds is not None:
            raise UserError(
                f"data.folds: {experiment.data.folds} is not allowed in a comparison, which deals out folds by itself\n"
                "allowed: trial.folds, and trial.fold_repeats"
            )
        if (key := repr(to_plain(experiment.data))) not in parts:
            parts[key] = _sizes(experiment)
    items, sequences, units = min(parts.values())
    asked, trial = folds_asked(items, sequences, units), sweep.config.trial
    if trial.folds is None:
        settled = asked or Folds(parts=1, repeats=1)
        trial = dataclasses.replace(trial, folds=settled.parts, fold_repeats=settled.repeats)
        sweep = dataclasses.replace(sweep, config=dataclasses.replace(sweep.config, trial=trial))
    own = Folds(parts=trial.folds or 1, repeats=trial.fold_repeats)
    folds = own if trial.is_cross_validation else None
    return sweep, Validation(items=items, sequences=sequences, folds=folds, asked=asked)


def folds_asked(items: int, sequences: int, units: int) -> Folds | None:
    """The folds that the protocol asks for; None where one validation part is enough.

    Args:
        items: sequences of the validation part that a run would have.
        sequences: those that can be held out at all, one after the other.
        units: what is held out whole: the groups where the split goes by them, else `sequences`.
    """
    parts = min(_FOLDS, units)
    if items >= FEW_ITEMS or parts < 2:
        return None
    return Folds(parts=parts, repeats=1 if sequences >= FEW_ITEMS else _REPEATS)


def _sizes(experiment: Experiment) -> tuple[int, int, int]:
    """How many sequences the validation part of a run has, how many could be in it, and of how many units."""
    data = experiment.data
    source: Source = load(part("data", data.kind).target)(data)
    raw = source.read_train()
    labels = labels_of(raw, f"{source.name}: the training part")
    spare = sum(count for name in set(labels) if (count := labels.count(name)) > 1)
    units = len(set(raw.groups or ())) if goes_by_groups(raw, data) else spare
    if not data.validates:
        return 0, spare, units
    try:
        return len(split_of(raw, data, 0)[1]), spare, units
    except UserError as error:
        raise UserError(f"{source.name}: {error}") from None
