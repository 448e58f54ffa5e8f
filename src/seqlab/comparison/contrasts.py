"""Primary contrasts, held to what makes them answerable: two arms that differ in one thing, and one mode of width."""

from collections.abc import Mapping, Sequence
from typing import Any

from seqlab.config.build import leaves
from seqlab.config.sweep import SweepConfig
from seqlab.errors import ConfigError, UserError, nearest
from seqlab.replication import PrimaryContrast
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.conditions import constraints_of
from seqlab.sweep.definition import Sweep
from seqlab.sweep.objectives import is_cost

WIDTH = "model.hidden_size"


def check_protocol(sweep: Sweep, arms: Sequence[ComposedArm]) -> list[PrimaryContrast]:
    """Hold a comparison to its rules; the contrasts with what each pair differs in.

    Args:
        sweep: its file has contrasts.
        arms: composed, before widths are solved.

    Raises:
        UserError: for the first rule that it breaks, before anything is written.
    """
    config, protocol = sweep.config, sweep.config.protocol
    if len(config.objective) > 1 or is_cost(config.objective[0].metric):
        raise UserError(
            "protocol: a comparison chooses by one validation score\n"
            "allowed: one objective, such as validation.accuracy"
        )
    names = [arm.name for arm in arms]
    if protocol.reference is not None and protocol.reference not in names:
        raise ConfigError(
            "protocol.reference", protocol.reference, ", ".join(names), nearest(protocol.reference, names)
        )
    _check_width(config, arms)
    by_name = {arm.name: arm for arm in arms}
    seen: dict[frozenset[str], str] = {}
    for name, pair in protocol.contrasts.items():
        if (other := seen.setdefault(frozenset(pair), name)) != name:
            raise UserError(
                f"protocol.contrasts.{name}: {' and '.join(pair)} are held against each other in {other} already\n"
                "allowed: every pair once"
            )
    return [_contrast(name, pair, by_name, config) for name, pair in protocol.contrasts.items()]


def _contrast(
    name: str, pair: Sequence[str], arms: Mapping[str, ComposedArm], config: SweepConfig
) -> PrimaryContrast:
    key = f"protocol.contrasts.{name}"
    if len(pair) != 2:
        raise ConfigError(key, list(pair), "two names of arms: [arm, the arm it is held against]")
    for given in pair:
        if given not in arms:
            raise ConfigError(key, given, ", ".join(arms), nearest(given, arms))
    if pair[0] == pair[1]:
        raise ConfigError(key, list(pair), "two different arms")
    ours, theirs = (_settings(arms[given]) for given in pair)
    differing = [k for k in dict.fromkeys((*ours, *theirs)) if ours.get(k) != theirs.get(k)]
    if config.protocol.width != "compared":
        differing = [k for k in differing if k != WIDTH]
    if len(differing) > 1:
        words = ", ".join(f"{k} ({ours.get(k)} and {theirs.get(k)})" for k in differing[:4])
        raise UserError(
            f"{key}: {pair[0]} and {pair[1]} differ in more than one thing: {words}\n"
            "allowed: a pair of arms that differ in one setting, so that a difference has one cause"
        )
    differs = "".join(f"{k}: {ours.get(k)} and {theirs.get(k)}" for k in differing)
    return PrimaryContrast(name=name, arm=pair[0], than=pair[1], differs=differs or "nothing")


def _settings(arm: ComposedArm) -> dict[str, Any]:
    """The settings of an arm's runs without what is searched, which is the same for all."""
    searched = [parameter.key for parameter in arm.parameters]
    tree = next(iter(arm.trees.values()))
    return {key: value for key, value in leaves(tree).items() if key not in searched and key != "name"}


def _check_width(config: SweepConfig, arms: Sequence[ComposedArm]) -> None:
    """One mode of width a sweep; a mixture cannot be said to be fair in any sense."""
    mode, searched = config.protocol.width, WIDTH in config.space
    capped = any(is_cost(key) for condition in constraints_of(config) for key in condition.keys)
    if any(parameter.is_group for parameter in arms[0].parameters):
        raise UserError(
            "protocol: a comparison has its alternatives as arms; space searches a group of files\n"
            "allowed: in space, settings that are tuned for every arm alike"
        )
    if mode == "tuned_under_cap" and not (searched and capped):
        raise ConfigError(
            "protocol.width",
            mode,
            f"{mode} with {WIDTH} in space, and constraints on a cost, such as cost.parameters <= 50000",
        )
    if mode != "tuned_under_cap" and searched:
        raise ConfigError("protocol.width", mode, f"tuned_under_cap where space searches {WIDTH}")
    if mode == "solved":
        own = [arm.name for arm in arms if any(word.startswith(f"{WIDTH}=") for word in arm.given)]
        reference = config.protocol.reference or arms[0].name
        if others := [name for name in own if name != reference]:
            words = [next(a for a in arms if a.name == others[0]).given]
            if f"{WIDTH}=" in " ".join(config.arms.get(others[0], [])):
                raise UserError(
                    f"protocol.width: solved, but arm {others[0]} sets its width ({' '.join(words[0])})\n"
                    "allowed: widths solved for all arms but the reference, or width: compared"
                )
