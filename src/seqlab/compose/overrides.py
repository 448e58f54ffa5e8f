"""Overrides as people type them: parsed by Hydra's grammar, checked on the files and on the typed tree."""

import dataclasses
import re
import shlex
import typing
from collections.abc import Mapping, Sequence
from copy import copy
from itertools import islice
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override, Quote, QuotedString
from hydra.errors import HydraException

from seqlab.choices import choices, offered
from seqlab.config import Experiment
from seqlab.config.build import node_class
from seqlab.errors import ConfigError, UnknownKeyError, UserError, nearest

# May stand for nothing at all: `experiment=null`.
_OPTIONAL_GROUPS = frozenset({"experiment"})
_KEYS_LISTED = 16
_VALUES_LISTED = 100_000
# Text that needs no quotes, and words that mean something other than text.
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_MEANINGS = frozenset({"null", "true", "false", "nan", "inf"})
# What OmegaConf would look up, unless a backslash stands before it; backslashes before that count double.
_INTERPOLATION = re.compile(r"(\\*)\$\{")
_SETTING = re.compile(r"[+~]{0,2}[\w./@-]+=[^=]+", re.DOTALL)


def parse(overrides: Sequence[str]) -> list[Override]:
    """Parse overrides with Hydra's grammar.

    Raises:
        UserError: for one that does not parse, with the quoted form that would, or the form without spaces.
    """
    parser = OverridesParser.create()
    _check_no_spaces(overrides)
    return [_parse_one(parser, text) for text in overrides]


def _check_no_spaces(overrides: Sequence[str]) -> None:
    """Refuse `key = value`, which the shell hands over as two or three words."""
    for place, word in enumerate(overrides):
        before, after = overrides[max(place - 1, 0) : place], overrides[place + 1 : place + 2]
        if word == "=":
            words = [*before, word, *after]
        elif word.startswith("="):
            words = [*before, word]
        elif word.endswith("=") and after and "=" not in after[0] and not after[0].startswith("~"):
            words = [word, *after]
        else:
            continue
        whole = "".join(words)
        if _SETTING.fullmatch(whole):
            raise UserError(
                f"{' '.join(words)!r} is not a setting: there are no spaces around '='\n"
                f"did you mean: {shlex.quote(whole)}"
            )


def _parse_one(parser: OverridesParser, text: str) -> Override:
    key, equals, value = text.partition("=")
    try:
        if key and (equals or key.startswith("~")):
            return parser.parse_override(text)
        raise ValueError
    except (HydraException, ValueError) as error:
        if not equals or not key:
            raise UserError(
                f"{text!r} is not a setting\nallowed: key=value, such as model=lstm or optimizer.lr=0.01"
            ) from None
        quoted = f"{key}={QuotedString(text=value, quote=Quote.double).with_quotes()}"
        try:
            parser.parse_override(quoted)
        except (HydraException, ValueError):
            raise UserError(f"{text!r} cannot be read\n{_one_line(error)}") from None
        raise UserError(
            f"{text!r} cannot be read: the value holds characters with a meaning of their own\n"
            f"did you mean: {_shell_quoted(quoted)}"
        ) from None


def _one_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def _shell_quoted(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"


def key_of(text: str) -> str:
    """The key of an override: `model.cell` for `++model.cell=gru` and `~model.cell`."""
    return text.partition("=")[0].lstrip("+~")


def value_text(value: bool | int | float | str | None) -> str:
    """A value in Hydra's grammar, so that it is read back as the same."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if not isinstance(value, str):
        return repr(value)
    if _BARE.fullmatch(value) and value.lower() not in _MEANINGS:
        return value
    plain = _INTERPOLATION.sub(r"\1\1\\${", value)
    return QuotedString(text=plain, quote=Quote.double).with_quotes()


def is_group(override: Override, groups: Sequence[str]) -> bool:
    """Whether an override chooses from a group (`model=gru`) rather than setting a value."""
    return override.key_or_group in groups or "/" in override.key_or_group


def given_text(override: Override) -> str:
    """The value as the user wrote it."""
    return override.input_line.partition("=")[2] if override.input_line else ""


def check_no_sweep(override: Override, groups: Sequence[str]) -> None:
    """Refuse several values where one is wanted.

    Raises:
        UserError: for a sweep, with the things it may have meant.
    """
    if override.is_sweep_override():
        key, value = override.key_or_group, given_text(override)
        if is_group(override, groups) or not _takes_text(key):
            raise UserError(
                f"{key}: {value!r} is several values\ndid you mean: -m {shlex.quote(f'{key}={value}')} (runs each)"
            )
        raise UserError(
            f"{key}: {value!r} is several values; add -m to run each\n"
            f"did you mean: {_shell_quoted(f'{key}=[{value}]')} (a list) or "
            + _shell_quoted(f'{key}="{value}"')
            + " (one word)"
        )


def _takes_text(key: str) -> bool:
    """Whether a key may hold any text or a list of words; so may one that only some choice has."""
    node: Any = Experiment
    prefix = ""
    for word in key.split("."):
        if not dataclasses.is_dataclass(node):
            return True
        chosen: Any = node_class(typing.cast(type[Any], node), {}, prefix)
        field = next((f for f in dataclasses.fields(chosen) if f.name == word), None)
        if field is None:
            return True
        if field.metadata.get("part") is not None:
            return False
        node = typing.get_type_hints(chosen)[word]
        prefix = f"{prefix}.{word}" if prefix else word
    kinds = {typing.get_origin(kind) or kind for kind in (node, *typing.get_args(node))}
    return bool(kinds & {str, list})


def check_group(override: Override, folders: Sequence[Path], groups: Sequence[str]) -> None:
    """Hold a group's choice to the files that exist; `hydra/...` is left to Hydra.

    Raises:
        ConfigError: for a choice that no folder has.
    """
    group = override.key_or_group
    if override.is_hydra_override():
        return
    known = choices(folders, group) if group in groups else []
    if not known:
        raise ConfigError(group, given_text(override), ", ".join(groups), nearest(group, groups))
    offer = offered(folders, group)
    allowed = ", ".join(offer)
    if override.is_delete():
        raise ConfigError(f"~{group}", given_text(override), f"{group}= one of {allowed}")
    for value in choice_values(override, folders):
        if value is None and group in _OPTIONAL_GROUPS:
            continue
        for word in value if isinstance(value, list) and group in _OPTIONAL_GROUPS else [value]:
            if not isinstance(word, (str, int, float)) or str(word) not in known:
                raise ConfigError(group, word, allowed, nearest(str(word), offer))


def choice_values(override: Override, folders: Sequence[Path]) -> list[Any]:
    """Every value that an override stands for: one, or those of a sweep (an interval's ends).

    Raises:
        UserError: for a glob that matches nothing.
    """
    value = override.value()
    if not override.is_sweep_override():
        return [value]
    if isinstance(value, Glob):
        found = value.filter(offered(folders, override.key_or_group))
        if not found:
            known = ", ".join(offered(folders, override.key_or_group))
            raise ConfigError(override.key_or_group, given_text(override), f"a pattern for some of {known}")
        return list(found)
    if override.is_interval_sweep():
        interval: Any = value
        return [interval.start, interval.end]
    return _listed(override)


def _listed(override: Override) -> list[Any]:
    """The values of a choice or a range, in the order in which they were given (what is shuffled, too)."""
    swept: Any = copy(override.value())
    swept.shuffle = False
    try:
        values = list(
            islice(dataclasses.replace(override, _value=swept).sweep_iterator(), _VALUES_LISTED + 1)
        )
    except (HydraException, ValueError, ArithmeticError):
        values = []
    if not 0 < len(values) <= _VALUES_LISTED:
        many = f"more than {_VALUES_LISTED:,}" if values else "no"
        raise UserError(
            f"{override.key_or_group}: {given_text(override)!r} has {many} values\n"
            "allowed: A,B,... or range(START,STOP) or range(START,STOP,STEP), where STOP itself is left out"
        )
    return [v.text if isinstance(v, QuotedString) else v for v in values]


def check_key(override: Override, known: Sequence[str], groups: Sequence[str]) -> None:
    """Hold a value's key to the typed tree.

    Raises:
        ConfigError: for a key that does not exist, with its siblings and the nearest key.
    """
    _check_place(override.key_or_group, given_text(override), override.value(), known, groups)


def _check_place(key: str, given: str, value: object, known: Sequence[str], groups: Sequence[str]) -> None:
    if key in known:
        return
    if not any(name.startswith(key + ".") for name in known):
        raise unknown_key(key, given, known, groups)
    if isinstance(value, dict):
        for word, below in value.items():
            _check_place(f"{key}.{word}", str(below), below, known, groups)


def unknown_key(key: str, given: str, known: Sequence[str], groups: Sequence[str]) -> UnknownKeyError:
    """The error for a key that does not exist: what stands at its place, and the nearest key of all."""
    place = key.rpartition(".")[0]
    while place and not any(name.startswith(place + ".") for name in known):
        place = place.rpartition(".")[0]
    prefix = place + "." if place else ""
    siblings = list(
        dict.fromkeys(name[len(prefix) :].split(".")[0] for name in known if name.startswith(prefix))
    )
    words = list(dict.fromkeys([*siblings, *(groups if not place else ())]))
    listed = ", ".join(words[:_KEYS_LISTED]) + (", ..." if len(words) > _KEYS_LISTED else "")
    at = f"the keys of {place}: " if place else "a group, a key of one, or "
    near = nearest(key, [*known, *groups])
    return UnknownKeyError(key, given, f"{at}{listed}", near)


def known_keys(plain: Mapping[str, Any]) -> list[str]:
    """Every dotted leaf key of the typed tree whose parts are those that `plain` chooses.

    Raises:
        ConfigError: for a part that does not exist.
    """
    return _keys(Experiment, plain, "")


def _keys(cls: type[Any], plain: Mapping[str, Any], prefix: str) -> list[str]:
    chosen = node_class(cls, plain, prefix)
    hints = typing.get_type_hints(chosen)
    keys: list[str] = []
    for field in dataclasses.fields(chosen):
        key = f"{prefix}.{field.name}" if prefix else field.name
        if dataclasses.is_dataclass(hints[field.name]):
            below = plain.get(field.name)
            keys.extend(_keys(hints[field.name], below if isinstance(below, Mapping) else {}, key))
        else:
            keys.append(key)
    return keys
