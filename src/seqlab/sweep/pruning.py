"""Who ends a trial early: Optuna's rules, held to judge every arm alike.

What they decide from depends on the number of a trial's slot, which is the same in every arm whatever was lost, turned
down or tried again. Optuna's own Hyperband deals its brackets out by a hash of the study's name, so that trials of two
arms at the same place would be judged at other rungs.
"""

import hashlib
from collections.abc import Callable, Container, Sequence
from typing import Any, cast

import optuna
from optuna.pruners import BasePruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.trial import FrozenTrial, TrialState

from seqlab.config.sweep import PrunerConfig
from seqlab.sweep.rows import ATTRIBUTE

# One slot in so many is spared.
SPARED_ONE_IN = 10


def is_spared(seed: int, slot: int) -> bool:
    """Whether a trial is run to its end though the pruner would end it, so that it is known what pruning costs.

    Of every ten slots in a row one is drawn, by the sweep's seed alone: before anything is known of the trial, the same
    slots in every arm, and each with a chance of one in ten.

    Args:
        seed: of the sweep's proposals (`sampler.seed`).
        slot: number of the trial's slot, from 0.
    """
    block, place = divmod(slot, SPARED_ONE_IN)
    digest = hashlib.sha256(f"spared\0{seed}\0{block}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % SPARED_ONE_IN == place


def make_pruner(config: PrunerConfig, max_epochs: int, folds: int = 0) -> BasePruner:
    """The pruner of an arm's study.

    Args:
        config: which algorithm.
        max_epochs: of an unpruned trial, the longest of all arms.
        folds: of such a trial, by which it is pruned; 0: by epochs.
    """
    first, last = (1, folds) if folds else (min(config.warmup_epochs, max_epochs), max_epochs)
    factor = config.reduction_factor
    match config.name:
        case "none":
            return NopPruner()
        case "median":
            return _Even([MedianPruner(n_startup_trials=config.startup_trials, n_warmup_steps=first)])
        case "halving":
            return _Even([SuccessiveHalvingPruner(min_resource=first, reduction_factor=factor)])
        case "hyperband":
            brackets = [
                SuccessiveHalvingPruner(
                    min_resource=first, reduction_factor=factor, min_early_stopping_rate=number
                )
                for number in range(_count(first, last, factor))
            ]
            return _Even(brackets, bracket_order(len(brackets), factor))


def _count(first: int, last: int, factor: int) -> int:
    """Brackets of Hyperband: as often as the first rung can be put off and still lies within a trial."""
    count = 1
    while first * factor**count <= last:
        count += 1
    return count


def bracket_order(count: int, factor: int) -> list[int]:
    """Which bracket of Hyperband the slots belong to, from slot 0 on; after the last it begins again.

    Every bracket has the share that Hyperband gives it (Li et al. 2018, J. Mach. Learn. Res. 18(185), algorithm 1), and
    its slots are spread evenly: each goes to the bracket that lags behind its share the most.

    Args:
        count: of brackets; bracket k has its first rung `factor**k` times later than bracket 0.
        factor: one in so many goes on at a rung.
    """
    shares = [-(-count * factor**s // (s + 1)) for s in reversed(range(count))]
    owed, order = [0] * count, list[int]()
    for _ in range(sum(shares)):
        owed = [has + share for has, share in zip(owed, shares, strict=True)]
        order.append(owed.index(max(owed)))
        owed[order[-1]] -= sum(shares)
    return order


class _Even(BasePruner):
    """Pruners of which every slot has one, by its number, and whose trials compete with each other alone."""

    def __init__(self, pruners: Sequence[BasePruner], order: Sequence[int] = (0,)) -> None:
        self._pruners, self._order = list(pruners), list(order)

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Whether a trial ends after what it has reported last."""
        bracket = self._bracket(trial)
        peers = _Peers(study, lambda other: self._bracket(other) == bracket)
        return self._pruners[bracket].prune(cast(optuna.Study, peers), trial)

    def _bracket(self, trial: FrozenTrial) -> int:
        slot = trial.user_attrs.get(ATTRIBUTE, {}).get("slot")
        return self._order[(trial.number if slot is None else slot) % len(self._order)]


class _Peers:
    """A study as a pruner sees it: the trials that compete, each as it had ended if none were spared.

    A trial that failed is left out: it is tried again, and would compete with itself.
    """

    def __init__(self, study: optuna.Study, competes: Callable[[FrozenTrial], bool]) -> None:
        self._study, self._competes = study, competes
        self._storage = study._storage  # pyright: ignore[reportPrivateUsage]
        self.direction = study.direction

    def get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        trials = [t for t in self._study.get_trials(deepcopy=deepcopy) if self._competes(t)]
        return [t for t in trials if t.state != TrialState.FAIL and (states is None or _state(t) in states)]


def _state(trial: FrozenTrial) -> TrialState:
    about: dict[str, Any] = trial.user_attrs.get(ATTRIBUTE, {})
    was_spared = about.get("spared_at") is not None and trial.state == TrialState.COMPLETE
    return TrialState.PRUNED if was_spared else trial.state
