"""The part of the evidence that tells how arms were tuned, where trainings ended, and what was spent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One trial of the tuning.

    Args:
        arm, number: whose, and which, from 0.
        state: complete, pruned, diverged, failed.
        value: of the objective; None where there is none.
        parameters: what the search chose.
        epochs, seconds: trained, and wall time.
        reason: why it did not complete.
        tuning: which repetition of the tuning, from 0.
        spared_at: epochs after which the pruner would have ended it, had it not been spared; None if it was not.
    """

    arm: str
    number: int
    state: str
    value: float | None
    parameters: Mapping[str, Any]
    epochs: int
    seconds: float
    reason: str | None = None
    tuning: int = 0
    spared_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Where a run with a validation part ended.

    Args:
        best: its best epoch, from 1.
        run: epochs trained.
        allowed: epochs that it might have trained.
    """

    best: int
    run: int
    allowed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """How the arms were tuned.

    Args:
        objective: such as "validation.accuracy".
        higher_is_better: whether more of it is better.
        sampler: such as "tpe"; expected-best curves hold for "random" alone.
        trials: of all arms.
        space: what was searched: setting -> its values in words.
        importances: arm -> method -> setting -> share.
        reruns: arm -> validation scores of the chosen configuration on fresh seeds, free of the luck of selection.
        notes: what a reader has to know, such as an arm whose best trials touch the edge of the range.
        blocked: arm -> why no verdict may be given on it.
        pruner, candidates: who ended trials early ("none": nobody); of how many best ones an arm's was chosen.
    """

    objective: str
    higher_is_better: bool
    sampler: str
    trials: Sequence[Trial]
    space: Mapping[str, str] = field(default_factory=dict)
    importances: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)
    reruns: Mapping[str, Sequence[float]] = field(default_factory=dict)
    notes: Sequence[str] = ()
    blocked: Mapping[str, str] = field(default_factory=dict)
    pruner: str = "none"
    candidates: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What an arm has spent.

    Args:
        arm: whose.
        tuning_trials: that used up budget.
        tuning_epochs: of all trials.
        tuning_seconds: of training, all workers together.
        replicates, replicate_seconds: that were trained, and the time for them.
        states: state -> number of trials.
    """

    arm: str
    tuning_trials: int
    tuning_epochs: int
    tuning_seconds: float
    replicates: int
    replicate_seconds: float
    states: Mapping[str, int] = field(default_factory=dict)
