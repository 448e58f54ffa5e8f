"""`KEY OP LITERAL` joined by `and` and `or`: read into a tree and decided on settings, never run as code."""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seqlab.config.sweep import Scalar, SweepConfig
from seqlab.errors import UserError
from seqlab.sweep.yaml_text import scalar

Lookup = Callable[[str], object]

_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OPERATORS = ("==", "!=", *_ORDER)
_TOKEN = re.compile(r"""\s*('[^']*'|"[^"]*"|==|!=|<=|>=|[<>=()]|[^\s'"<>=!()]+|\S)""")
_KEY = re.compile(r"[A-Za-z_]\w*(\.\w+)*")
_FORM = "KEY OP LITERAL joined by and/or, such as: model.num_layers > 1 and model.cell == lstm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One `KEY OP LITERAL`.

    Args:
        key: a dotted setting, or a cost.
        operator: one of == != < <= > >=.
        literal: what the setting is compared with.
    """

    key: str
    operator: str
    literal: Scalar

    def holds(self, lookup: Lookup) -> bool:
        """Whether it holds; never for a setting that is not there, nor for a null that is asked for its order.

        Raises:
            UserError: if the setting's values have no order.
        """
        try:
            value = lookup(self.key)
        except KeyError:
            return False
        if self.operator not in _ORDER:
            return _same(value, self.literal) == (self.operator == "==")
        if value is None:
            return False
        if not _is_number(value) or not _is_number(self.literal):
            raise UserError(
                f"{self.key} {self.operator} {self.literal}: {value!r} has no order\nallowed: == or !="
            )
        return _ORDER[self.operator](value, self.literal)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Alternatives (`or`), each of them parts that must hold together (`and`).

    Args:
        text: as it was written.
        alternatives: at least one, each with at least one part.
    """

    text: str
    alternatives: "tuple[tuple[Comparison | Condition, ...], ...]"

    @property
    def keys(self) -> tuple[str, ...]:
        """Every setting that it asks for, each once."""
        found: list[str] = []
        for part in (part for alternative in self.alternatives for part in alternative):
            found.extend([part.key] if isinstance(part, Comparison) else part.keys)
        return tuple(dict.fromkeys(found))

    def holds(self, lookup: Lookup) -> bool:
        """Whether it holds where `lookup` gives the value of a key (KeyError: there is none).

        Raises:
            UserError: if a value is asked for an order that it does not have.
        """
        return any(all(part.holds(lookup) for part in alternative) for alternative in self.alternatives)


def parse(text: str) -> Condition:
    """A condition from its text; `and` binds tighter than `or`, parentheses tighter than both.

    Raises:
        UserError: for text of any other form.
    """
    tokens = _TOKEN.findall(text)
    condition, rest = _either(tokens, text)
    if rest:
        raise _refusal(text, f"{rest[0]!r} is out of place")
    return condition


def constraints_of(config: SweepConfig) -> tuple[Condition, ...]:
    """The constraints of a sweep, read.

    Raises:
        UserError: for one of another form.
    """
    found: list[Condition] = []
    for text in config.constraints:
        try:
            found.append(parse(text))
        except UserError as error:
            raise UserError(f"constraints: {error}") from None
    return tuple(found)


def _either(tokens: Sequence[str], text: str) -> tuple[Condition, Sequence[str]]:
    alternatives: list[tuple[Comparison | Condition, ...]] = []
    while True:
        parts: list[Comparison | Condition] = []
        while True:
            part, tokens = _part(tokens, text)
            parts.append(part)
            if tokens[:1] != ["and"]:
                break
            tokens = tokens[1:]
        alternatives.append(tuple(parts))
        if tokens[:1] != ["or"]:
            return Condition(text=text, alternatives=tuple(alternatives)), tokens
        tokens = tokens[1:]


def _part(tokens: Sequence[str], text: str) -> tuple[Comparison | Condition, Sequence[str]]:
    if tokens[:1] == ["("]:
        inner, rest = _either(tokens[1:], text)
        if rest[:1] != [")"]:
            raise _refusal(text, "a parenthesis is not closed")
        return inner, rest[1:]
    if len(tokens) < 3:
        raise _refusal(text, "it ends too early" if text.strip() else "it is empty")
    key, sign, word = tokens[:3]
    if not _KEY.fullmatch(key) or key in ("and", "or", "not"):
        raise _refusal(text, f"{key!r} is not a setting")
    if sign not in _OPERATORS:
        hint = "; did you mean ==" if sign == "=" else ""
        raise _refusal(text, f"{sign!r} stands where one of {' '.join(_OPERATORS)} must{hint}")
    if word in ("and", "or", "(", ")", "=", *_OPERATORS) or (word[0] in "'\"" and len(word) == 1):
        raise _refusal(text, f"{word!r} stands where a value must")
    literal = word[1:-1] if word[0] in "'\"" else scalar(word)
    if sign in _ORDER and not _is_number(literal):
        raise _refusal(text, f"{sign} wants a number, not {word}")
    return Comparison(key=key, operator=sign, literal=literal), tokens[3:]


def _refusal(text: str, what: str) -> UserError:
    return UserError(f"{text!r} is not a condition: {what}\nallowed: {_FORM}")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _same(value: object, literal: Scalar) -> bool:
    if isinstance(value, str):
        return value == str(literal)
    if _is_number(value) and _is_number(literal):
        return value == literal
    return type(value) is type(literal) and value == literal
