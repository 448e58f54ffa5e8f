"""The space tried out on the typed tree before anything trains: ends, choices, random points, constraints."""

import random
from collections.abc import Sequence

from seqlab.config import Experiment
from seqlab.config.sweep import Scalar
from seqlab.errors import ConfigError, UnknownKeyError, UserError
from seqlab.preflight import check_inputs, check_parts, parts_named
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.conditions import constraints_of
from seqlab.sweep.definition import Sweep
from seqlab.sweep.objectives import is_cost
from seqlab.sweep.space import Parameter

# Random points of every arm that are built, and that are asked for conditions and constraints.
_BUILT = 64
_SAMPLED = 1000


def check_sweep_space(sweep: Sweep, arms: Sequence[ComposedArm]) -> None:
    """Hold the space to the typed tree, and its conditions and constraints to points of the space.

    Both ends of every parameter, every choice, and 64 random points of every arm are built. Constraints on costs need
    a network and are left to the workers. Data sets and trackers that come up are looked for, each once.

    Args:
        sweep: the sweep.
        arms: its arms, composed.

    Raises:
        UserError: for the first thing that does not fit, named by its parameter, in at most three lines.
    """
    parts: dict[str, Experiment] = {}
    asked: set[str] = set()
    for arm in arms:
        points = [values for _, values in sample_points([arm], _SAMPLED)]
        asked.update(key for values in points for key in values)
        tried = [(None, values) for values in points[:_BUILT]]
        for pinned, values in [*_ends(arm), *tried]:
            experiment = _built(arm, values, pinned)
            _check_validation(sweep, experiment)
            parts.setdefault(parts_named(experiment), experiment)
        _check_constraints(sweep, arm, points)
    for parameter in arms[0].parameters:
        if parameter.key not in asked:
            assert parameter.condition is not None
            raise UserError(
                f"space.{parameter.key}.when: {parameter.condition.text!r} holds at none of {_SAMPLED:,} points\n"
                "allowed: a condition that holds in a part of the space, such as model.num_layers > 1"
            )
    if not sweep.config.protocol.contrasts:  # else its folds are not settled yet
        check_pruner(sweep, arms)
    for experiment in parts.values():
        check_inputs(experiment)
        check_parts(experiment)


def sample_points(
    arms: Sequence[ComposedArm], count: int = _SAMPLED, seed: int = 0
) -> list[tuple[ComposedArm, dict[str, Scalar]]]:
    """Random points of the space, dealt out to the arms in turn; the same for the same seed.

    Raises:
        UserError: if a condition asks for an order where there is none.
    """
    rng = random.Random(seed)
    return [
        (arm, arm.walk(lambda parameter: parameter.draw(rng)))
        for arm in (arms[place % len(arms)] for place in range(count))
    ]


def _ends(arm: ComposedArm) -> list[tuple[Parameter, dict[str, Scalar]]]:
    """A point for both ends of every parameter and for every choice, wherever some point asks for it."""
    rng = random.Random(0)
    found: list[tuple[Parameter, dict[str, Scalar]]] = []
    for pinned in arm.parameters:
        for end in pinned.ends():
            for _ in range(1 if pinned.condition is None else _SAMPLED):
                values = arm.walk(lambda p, pinned=pinned, end=end: end if p is pinned else p.draw(rng))
                if pinned.key in values:
                    found.append((pinned, values))
                    break
            else:
                break
    return found


def _built(arm: ComposedArm, values: dict[str, Scalar], pinned: Parameter | None) -> Experiment:
    try:
        return arm.experiment(values)
    except ConfigError as error:
        at = arm.name if arm.name != "all" else "this sweep"
        if isinstance(error, UnknownKeyError) and error.key in values:
            chosen = [f"{p.key}={values[p.key]}" for p in arm.parameters if p.is_group and p.key in values]
            raise UserError(
                f"space.{error.key}: there is no such setting with {', '.join(chosen) or at}\n"
                "allowed: when: CONDITION, to ask for it only where it is, such as model.kind == recurrent"
            ) from None
        if error.key in values:
            raise error.under("space") from None
        key = pinned.key if pinned is not None else next(reversed(values))
        raise UserError(f"space.{key}: {values[key]!r} does not go with the rest of {at}\n{error}") from None


def _check_validation(sweep: Sweep, experiment: Experiment) -> None:
    """Refuse trials without a validation part, and folds that are asked for twice."""
    data, trial = experiment.data, sweep.config.trial
    if trial.is_cross_validation and data.folds is not None:
        raise UserError(
            f"data.folds: {data.folds} is not allowed with trial.folds={trial.folds}, which sets it\n"
            "allowed: one of them"
        )
    if not trial.is_cross_validation and not data.validates:
        raise UserError(
            "data.validation_fraction: 0 is not allowed; trials are chosen by their validation part\n"
            "allowed: a fraction above 0, or trial.folds=5"
        )


def check_pruner(sweep: Sweep, arms: Sequence[ComposedArm]) -> None:
    """Refuse a pruner that never comes to decide anything.

    Raises:
        UserError: if the longest trial of all is no longer than the warm-up.
    """
    pruner, longest = sweep.config.pruner, max(arm.longest() for arm in arms)
    by_epoch = pruner.name != "none" and not sweep.config.trial.is_cross_validation
    if by_epoch and pruner.warmup_epochs >= longest:
        raise UserError(
            f"pruner.warmup_epochs: {pruner.warmup_epochs} is no less than the {longest} epochs of the longest trial, "
            f"so {pruner.name} would never end one\nallowed: below {longest}, or pruner=none"
            if longest > 1
            else f"pruner: {pruner.name} has nothing to end in trials of one epoch\nallowed: pruner=none"
        )


def _check_constraints(sweep: Sweep, arm: ComposedArm, points: Sequence[dict[str, Scalar]]) -> None:
    """Refuse constraints on settings that no point of an arm meets."""
    decidable = [c for c in constraints_of(sweep.config) if not any(is_cost(key) for key in c.keys)]
    left = list(points)
    for constraint in decidable:
        left = [values for values in left if constraint.holds(arm.lookup(values))]
        if not left:
            where = f" of arm {arm.name}" if len(sweep.arms) > 1 else ""
            others = " together with those before it" if constraint is not decidable[0] else ""
            raise UserError(
                f"constraints: none of {len(points):,} points{where} meets {constraint.text!r}{others}\n"
                "allowed: constraints that a part of the space meets"
            )
