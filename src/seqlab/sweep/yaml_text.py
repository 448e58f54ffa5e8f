"""Sweep files and the literals of conditions as plain values; duplicate keys are refused.

PyYAML alone reads 1e-4 as a word, `no` as false and 2026-01-01 as a date, and lets the second of two equal keys win.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from seqlab.config.sweep import Scalar
from seqlab.errors import UserError

_FLOAT = re.compile(
    r"[-+]?(?:\d[\d_]*\.[\d_]*|\.\d[\d_]*|\d[\d_]*(?=[eE]))(?:[eE][-+]?\d+)?|[-+]?\.(?:inf|nan)"
)
_BOOL = re.compile(r"true|false|True|False|TRUE|FALSE")
_OURS = ("tag:yaml.org,2002:float", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")


class _Loader(yaml.SafeLoader):
    """Scalars as YAML 1.2 and Hydra read them."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (PyYAML's own)
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _OURS]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping whose keys are all different."""
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value} stands twice", key.start_mark
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(_OURS[0], re.compile(f"(?:{_FLOAT.pattern})$"), list("-+0123456789."))
_Loader.add_implicit_resolver(_OURS[1], re.compile(f"(?:{_BOOL.pattern})$"), list("tTfF"))


def read_mapping(path: Path) -> dict[str, Any]:
    """The contents of a YAML file that holds keys and values.

    Raises:
        UserError: for a file that cannot be read, is not YAML, or holds something else.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: not YAML (not UTF-8 text)") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f"{path}: {_where(error)}") from None
    if not isinstance(content, dict):
        raise UserError(
            f"{path}: not a sweep\nallowed: keys and values, such as question, space and objective"
        )
    return {str(key): value for key, value in content.items()}


def scalar(word: str) -> Scalar:
    """One bare word as YAML reads it: true, 3, 1e-3, null; any other is itself."""
    try:
        value = yaml.load(word, Loader=_Loader)
    except (yaml.YAMLError, ValueError):
        return word
    return value if value is None or isinstance(value, (bool, int, float)) else word


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or " ".join(str(error).split())
    return f"line {mark.line + 1}: {problem}" if mark is not None else f"not YAML ({problem})"
