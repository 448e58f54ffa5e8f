"""Arms composed: every file of settings is read here, once, so that a trial costs no Hydra."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqlab.choices import conf_folders, groups
from seqlab.compose import Composed, compose
from seqlab.compose.overrides import key_of, unknown_key, value_text
from seqlab.config import Experiment, build_experiment
from seqlab.config.build import leaves, to_plain, value_at, with_values
from seqlab.config.sweep import Scalar
from seqlab.errors import ConfigError, UserError
from seqlab.sweep.conditions import constraints_of
from seqlab.sweep.definition import Arm, Sweep
from seqlab.sweep.objectives import COSTS, is_cost
from seqlab.sweep.space import GROUPS, Parameter, Space

Values = Mapping[str, Scalar]
_EPOCHS = "trainer.max_epochs"
# Which choice was made from every group that the search has asked for.
_Choices = tuple[tuple[str, Scalar], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedArm:
    """One alternative, with the settings of its runs for every point of the space.

    Args:
        name: of the arm.
        parameters: of the space, in an order in which conditions can be decided.
        given: the overrides of every run, as they were given.
        trees: the complete plain settings for every combination of choices from searched groups.
    """

    name: str
    parameters: tuple[Parameter, ...]
    given: tuple[str, ...]
    trees: Mapping[_Choices, Mapping[str, Any]]

    def walk(self, pick: Callable[[Parameter], Scalar]) -> dict[str, Scalar]:
        """A point of the space: `pick` is asked for every parameter whose condition holds so far.

        Args:
            pick: chooses a value, such as `trial.suggest_float`.

        Returns:
            The values by their keys.
        """
        values: dict[str, Scalar] = {}
        for parameter in self.parameters:
            if parameter.condition is None or parameter.condition.holds(self.lookup(values)):
                values[parameter.key] = pick(parameter)
        return values

    def lookup(
        self, values: Values, costs: Mapping[str, float | None] | None = None
    ) -> Callable[[str], object]:
        """The settings at a point by dotted keys, and its costs as cost.NAME; KeyError for one that there is not."""
        tree = self._tree(values)
        known = {**values, **{f"cost.{name}": cost for name, cost in (costs or {}).items()}}
        return lambda key: known[key] if key in known else value_at(tree, key)

    def experiment(self, values: Values) -> Experiment:
        """The settings of the run at a point.

        Raises:
            ConfigError: if a value does not fit.
        """
        chosen = self._chosen(values)
        leaf_values = {key: value for key, value in values.items() if key not in dict(chosen)}
        return build_experiment(with_values(self._tree(values), leaf_values))

    def plain(self, values: Values) -> dict[str, Any]:
        """The same as nested plain contents."""
        return to_plain(self.experiment(values))

    def words(self, values: Values) -> list[str]:
        """The words behind `python train.py` that give exactly this run; quoting for a shell is left to the caller."""
        return [*self.given, *(f"{key}={value_text(value)}" for key, value in values.items())]

    def longest(self) -> int:
        """Epochs of the longest trial that the space allows."""
        searched = [p for p in self.parameters if p.key == _EPOCHS]
        epochs = [int(float(str(end))) for parameter in searched for end in parameter.ends()]
        if all(parameter.condition is not None for parameter in searched):
            epochs += [int(str(value_at(tree, _EPOCHS))) for tree in self.trees.values()]
        return max(epochs)

    def _tree(self, values: Values) -> Mapping[str, Any]:
        return self.trees[self._chosen(values)]

    def _chosen(self, values: Values) -> _Choices:
        return tuple((p.key, values[p.key]) for p in self.parameters if p.is_group and p.key in values)


def compose_arms(sweep: Sweep) -> list[ComposedArm]:
    """Compose every arm, for every combination of choices from searched groups.

    Raises:
        UserError: for the first thing that does not fit, in at most three lines.
    """
    known_groups = groups(conf_folders(sweep.config_dir))
    space = Space.of(sweep.config, tuple(dict.fromkeys((*GROUPS, *known_groups))))
    arms = [_composed(sweep, arm, space) for arm in sweep.arms]
    _check_keys(sweep, space, arms, known_groups)
    _check_nothing_undone(sweep, arms)
    _check_same(sweep, arms)
    return arms


def _composed(sweep: Sweep, arm: Arm, space: Space) -> ComposedArm:
    given = _given(sweep, arm, [parameter.key for parameter in space.parameters])
    trees: dict[_Choices, Mapping[str, Any]] = {}
    follows = False
    for chosen in _combinations([p for p in space.parameters if p.is_group]):
        words = [*given, *(f"{key}={value_text(value)}" for key, value in chosen)]
        composed = _compose(sweep, arm, words, [key for key, _ in chosen])
        experiment = composed.experiment
        follows = follows or composed.interpolated
        if experiment.evaluate_test:
            raise UserError(
                "evaluate_test: true is not allowed; a trial never reads test data\n"
                "allowed: score a finished trial, with seqlab evaluate RUN_DIR --part test"
            )
        trees[chosen] = to_plain(experiment)
    done = ComposedArm(name=arm.name, parameters=space.parameters, given=given, trees=trees)
    if follows:
        _check_interpolations(sweep, done)
    return done


def _given(sweep: Sweep, arm: Arm, searched: Sequence[str]) -> tuple[str, ...]:
    """The overrides of an arm's runs: the last word for a key counts, and the best epoch is the objective's."""
    own = [key_of(word) for word in arm.overrides]
    given = [word for word in sweep.fixed if key_of(word) not in own]
    held = {*own, *searched, *map(key_of, given)}
    metric = sweep.config.objective[0].metric
    if not is_cost(metric) and "task.monitor" not in held:
        given.append(f"task.monitor={metric.partition('.')[2]}")
    return (*given, *arm.overrides)


def _combinations(choosing: Sequence[Parameter]) -> list[_Choices]:
    """Every combination of choices; a group with a condition may also not have been asked for."""
    options: list[list[_Choices]] = []
    for parameter in choosing:
        made: list[_Choices] = [((parameter.key, choice),) for choice in parameter.choices]
        options.append(made if parameter.condition is None else [(), *made])
    return [tuple(itertools.chain(*combination)) for combination in itertools.product(*options)]


def _compose(sweep: Sweep, arm: Arm, words: Sequence[str], chosen: Sequence[str]) -> Composed:
    """Compose, and say of a mistake where in the sweep it stands, unless that is the command line."""
    try:
        return compose(words, sweep.config_dir)
    except ConfigError as error:
        if error.file is None:
            places = {key: f"space.{key}" for key in chosen}
            places |= {key_of(word): "fixed" for word in sweep.config.fixed if word in words}
            places |= {key_of(word): f"arms.{arm.name}" for word in arm.overrides}
            place = next((at for key, at in places.items() if _holds(key, error.key)), None)
            if place is not None:
                raise error.inside(place) from None
        raise


def _holds(given: str, key: str) -> bool:
    """Whether an override of `given` sets `key`: its own, or one within a node that it sets whole."""
    return key == given or ("." in given and key.startswith(f"{given}."))


def _check_keys(sweep: Sweep, space: Space, arms: Sequence[ComposedArm], known_groups: Sequence[str]) -> None:
    """Hold the keys of the space and of conditions to settings that at least one run has."""
    known = list(dict.fromkeys(key for arm in arms for tree in arm.trees.values() for key in leaves(tree)))
    choosing = [p.key for p in space.parameters if p.is_group]
    for parameter in space.parameters:
        if not parameter.is_group and parameter.key not in known:
            raise unknown_key(parameter.key, parameter.in_words(), known, known_groups).under("space")
        for key in parameter.condition.keys if parameter.condition is not None else ():
            if is_cost(key):
                raise UserError(
                    f"space.{parameter.key}.when: {key} is known only once all is chosen\n"
                    "allowed: settings, such as model.num_layers; costs can be held by constraints"
                )
            if key not in (*known, *choosing):
                assert parameter.condition is not None
                raise unknown_key(key, parameter.condition.text, known, choosing).inside(
                    f"space.{parameter.key}.when"
                )
    for constraint in constraints_of(sweep.config):
        for key in constraint.keys:
            if key not in (*known, *choosing, *COSTS):
                error = unknown_key(key, constraint.text, [*known, *COSTS], choosing)
                raise error.inside("constraints")


def _check_same(sweep: Sweep, arms: Sequence[ComposedArm]) -> None:
    """Refuse alternatives that are written differently and are one and the same."""
    always = [p.key for p in arms[0].parameters if p.condition is None and not p.is_group]
    seen: dict[str, tuple[Arm, str]] = {}
    for arm, composed in zip(sweep.arms, arms, strict=True):
        for chosen, tree in composed.trees.items():
            place = [f"arms.{arm.name}"] if len(arms) > 1 else []
            name = ", ".join([*place, *(f"{key}={value}" for key, value in chosen)])
            left = {key: value for key, value in leaves(tree).items() if key not in always}
            alike = repr(([key for key, _ in chosen], left))
            other, other_name = seen.setdefault(alike, (arm, name))
            if other_name != name and (other is arm or other.overrides != arm.overrides):
                raise UserError(
                    f"{other_name} and {name} are the same: all their settings are equal\n"
                    "allowed: alternatives that differ in more than what is searched"
                )


def _check_nothing_undone(sweep: Sweep, arms: Sequence[ComposedArm]) -> None:
    """Refuse a setting of every run that takes away what the chosen files differ in."""
    searched = [p.key for p in arms[0].parameters if p.is_group]
    chosen = {*searched, *(key_of(word) for arm in sweep.arms for word in arm.overrides)}
    suspects = [word for word in sweep.fixed if "." in key_of(word) and key_of(word).split(".")[0] in chosen]
    if not suspects:
        return
    bare: list[tuple[str, Mapping[str, Any]]] = []
    for arm, composed in zip(sweep.arms, arms, strict=True):
        given = [word for word in composed.given if word not in suspects]
        for choices in composed.trees:
            words = [*given, *(f"{key}={value_text(value)}" for key, value in choices)]
            name = ", ".join(f"{key}={value}" for key, value in choices) or arm.name
            own = [key_of(word) for word in arm.overrides]
            tree = leaves(to_plain(compose(words, sweep.config_dir).experiment))
            bare.append((name, {key: value for key, value in tree.items() if key not in own}))
    for word in suspects:
        key = key_of(word)
        found = {repr(tree[key]): (name, tree[key]) for name, tree in bare if key in tree}
        if len(found) > 1:
            (one, first), (other, second) = list(found.values())[:2]
            raise UserError(
                f"{word}: undoes a difference; {key} is {first!r} in {one} and {second!r} in {other}\n"
                "allowed: for every run, settings in which the alternatives do not differ"
            )


def _check_interpolations(sweep: Sweep, arm: ComposedArm) -> None:
    """Refuse a setting that is written in terms of one that is searched: it would not follow it."""
    for place in (0, -1):
        values = arm.walk(lambda parameter, place=place: parameter.ends()[place])
        try:
            there = leaves(arm.plain(values))
        except ConfigError:  # the checks of the space say which parameter it is
            continue
        here = leaves(to_plain(compose(arm.words(values), sweep.config_dir).experiment))
        for key, value in here.items():
            if there.get(key) != value:
                raise UserError(
                    f"{key}: is written in terms of a setting that is searched\n"
                    "allowed: a value, or an interpolation of settings that stay as they are"
                )
