"""Plain mappings -> typed config tree, with an error that a person can act on for everything that does not fit.

The one place where a value's type is checked. It needs the standard library alone, so that a stored config opens
without Hydra, and every error can name the full key, what was given, what is allowed, and the nearest right word.
"""

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from seqlab.config import registry
from seqlab.config.experiment import Experiment
from seqlab.config.options import range_in_words
from seqlab.errors import ConfigError, UnknownKeyError, nearest

C = TypeVar("C")
_ENDLESS = (math.inf, -math.inf)


def build_experiment(plain: Mapping[str, Any]) -> Experiment:
    """The typed tree for a plain mapping such as a composed YAML or a stored config.

    Raises:
        ConfigError: for the first key, choice, type or value out of range.
    """
    return build(Experiment, plain)


def to_plain(config: Any) -> dict[str, Any]:
    """The inverse of `build`: nested plain dictionaries, lists and scalars."""
    return dataclasses.asdict(config)


def build(cls: type[C], plain: Mapping[str, Any], prefix: str = "") -> C:
    """An instance of the config dataclass `cls` from `plain`, which stands at the dotted key `prefix`.

    Raises:
        ConfigError: for the first key, choice, type or value out of range.
    """
    chosen = node_class(cls, plain, prefix)
    fields = {field.name: field for field in dataclasses.fields(chosen)}  # type: ignore[arg-type]
    hints = typing.get_type_hints(chosen)
    for key in plain:
        if key not in fields:
            raise unknown_key(_join(prefix, str(key)), plain[key], [_join(prefix, name) for name in fields])
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in plain:
            values[name] = _value(hints[name], plain[name], _join(prefix, name), field)
        elif dataclasses.is_dataclass(hints[name]):
            values[name] = build(typing.cast(type[Any], hints[name]), {}, _join(prefix, name))
    try:
        return chosen(**values)
    except ConfigError as error:
        raise (error.under(prefix) if prefix else error) from None


def unknown_key(key: str, given: object, known: list[str]) -> ConfigError:
    """The error for a key that does not exist, with its nearest neighbour among `known`."""
    leaves = ", ".join(name.rsplit(".", 1)[-1] for name in known)
    return UnknownKeyError(key, given, leaves, nearest(key, known))


def node_class(cls: type[C], plain: Mapping[str, Any], prefix: str) -> type[C]:
    """The class that a node's `kind` chooses among the registered parts; `cls` itself where there is no choice."""
    for kind, group in registry.GROUP_OF.items():
        if prefix == group:
            default = next(f.default for f in dataclasses.fields(cls) if f.name == "kind")  # type: ignore[arg-type]
            name = plain.get("kind", default)
            known = registry.names(kind)
            if name not in known:
                raise ConfigError(f"{prefix}.kind", name, ", ".join(known), nearest(str(name), known))
            config = registry.part(kind, name).config
            assert config is not None
            return registry.load(config)
    return cls


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _value(hint: Any, given: Any, key: str, field: "dataclasses.Field[Any]") -> Any:
    """`given` as the type `hint`; only conversions that lose nothing are made."""
    if dataclasses.is_dataclass(hint):
        if not isinstance(given, Mapping):
            raise ConfigError(key, given, "a mapping of keys to values")
        return build(typing.cast(type[Any], hint), given, key)
    optional = types.NoneType in typing.get_args(hint)
    if optional:
        if given is None:
            return None
        hint = next(arg for arg in typing.get_args(hint) if arg is not types.NoneType)
    if typing.get_origin(hint) in (dict, list):
        return _several(hint, given, key, field)
    allowed = type_in_words(hint, field) + (", or null" if optional else "")
    if typing.get_origin(hint) is Literal:
        choices = [str(choice) for choice in typing.get_args(hint)]
        # YAML reads a bare `none`/`32` as a word or a number; a choice is compared by its spelling
        if str(given) not in choices:
            raise ConfigError(key, given, allowed, nearest(str(given), choices))
        return str(given)
    if hint is bool and isinstance(given, bool):
        return given
    if hint is int and isinstance(given, int) and not isinstance(given, bool):
        return given
    if (
        hint is float
        and isinstance(given, (int, float))
        and not isinstance(given, bool)
        and math.isfinite(given)
    ):
        return float(given)
    if hint is str and isinstance(given, (str, int, float)) and not isinstance(given, bool):
        return str(given)
    raise ConfigError(key, given, allowed)


def _several(hint: Any, given: Any, key: str, field: "dataclasses.Field[Any]") -> Any:
    """`given` as a dictionary or a list; where a list of config classes is wanted, one of them may stand alone."""
    inner, error = typing.get_args(hint)[-1], ConfigError(key, given, type_in_words(hint, field))
    if typing.get_origin(hint) is dict:
        if not isinstance(given, Mapping):
            raise error
        return {
            str(name): _value(inner, below, _join(key, str(name)), field) for name, below in given.items()
        }
    if dataclasses.is_dataclass(inner) and isinstance(given, Mapping):
        return [_value(inner, given, key, field)]
    if not isinstance(given, (list, tuple)):
        raise error
    if dataclasses.is_dataclass(inner):
        return [_value(inner, item, _join(key, str(place)), field) for place, item in enumerate(given)]
    kinds = typing.get_args(inner) or (inner,)
    if not all(isinstance(item, kinds) and item not in _ENDLESS and item == item for item in given):
        raise error
    return list(given)


def type_in_words(hint: Any, field: "dataclasses.Field[Any]") -> str:
    """What a setting of the type `hint` may hold, such as "an integer at least 1"."""
    if typing.get_origin(hint) is Literal:
        return ", ".join(str(choice) for choice in typing.get_args(hint))
    if typing.get_origin(hint) is dict:
        return "a mapping of names to " + ("mappings" if dataclasses.is_dataclass(_inner(hint)) else "lists")
    if typing.get_origin(hint) is list:
        if dataclasses.is_dataclass(_inner(hint)):
            return "a mapping of keys to values, or a list of such"
        return "a list of words, such as [one,two]" if _inner(hint) is str else "a list, such as [16,32]"
    if field.metadata.get("part") is not None:
        return ", ".join(registry.names(field.metadata["part"]))
    if types.NoneType in typing.get_args(hint):
        rest = next(arg for arg in typing.get_args(hint) if arg is not types.NoneType)
        return f"{type_in_words(rest, field)}, or null"
    words = {bool: "true or false", int: "an integer", float: "a number", str: "a word"}[hint]
    limits = range_in_words(field)
    return f"{words} {limits}" if limits else words


def _inner(hint: Any) -> Any:
    return typing.get_args(hint)[-1]


def with_values(plain: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of nested plain contents with `values` at their dotted keys; `plain` stays as it is."""
    tree = _copy(plain)
    for key, value in values.items():
        *places, leaf = key.split(".")
        node = tree
        for place in places:
            node = node.setdefault(place, {})
        node[leaf] = value
    return tree


def _copy(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copy(value) if isinstance(value, Mapping) else value for key, value in plain.items()}


def value_at(plain: Mapping[str, Any], key: str) -> Any:
    """What nested plain contents hold at a dotted key.

    Raises:
        KeyError: if there is no such place.
    """
    node: Any = plain
    for word in key.split("."):
        if not isinstance(node, Mapping) or word not in node:
            raise KeyError(key)
        node = node[word]
    return node


def leaves(plain: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Every value of nested plain contents by its dotted key."""
    found: dict[str, Any] = {}
    for name, value in plain.items():
        key = _join(prefix, name)
        found |= leaves(value, key) if isinstance(value, Mapping) else {key: value}
    return found


def all_keys(config: Any, prefix: str = "") -> list[str]:
    """Every dotted leaf key of a config tree."""
    keys: list[str] = []
    for field in dataclasses.fields(config):
        value, key = getattr(config, field.name), _join(prefix, field.name)
        keys.extend(all_keys(value, key) if dataclasses.is_dataclass(value) else [key])
    return keys
