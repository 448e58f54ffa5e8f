"""Settings and their values as people read them: short where there is little room, and never cut in silence."""

import textwrap
from collections.abc import Collection, Mapping, Sequence

from seqlab.config.sweep import Scalar
from seqlab.sweep.space import word_of

_LONGEST = 24  # characters of a value


def scalar_in_words(value: Scalar) -> str:
    """A value: four digits of a number, true and null as in YAML, a long word shortened."""
    return f"{value:.4g}" if isinstance(value, float) else shortened(word_of(value), _LONGEST)


def shortened(text: str, longest: int) -> str:
    """`text` in one line of at most `longest` characters, with an ellipsis where something is missing."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: max(longest - 1, 0)].rstrip() + "…"


def broken(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` characters, broken between words; columns within a line stay."""
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def short_keys(keys: Collection[str]) -> dict[str, str]:
    """For every dotted key the shortest end that no other of them shares: lr for optimizer.lr."""
    short: dict[str, str] = {}
    for key in keys:
        parts = key.split(".")
        ends = [".".join(parts[place:]) for place in range(len(parts) - 1, -1, -1)]
        others = [f".{other}" for other in keys if other != key]
        short[key] = next((end for end in ends if not any(o.endswith(f".{end}") for o in others)), key)
    return short


def parameters_in_words(
    parameters: Mapping[str, Scalar], names: Mapping[str, str] | None = None, longest: int = 10_000
) -> str:
    """Settings with their values; those that do not fit are counted.

    Args:
        parameters: dotted key -> value.
        names: dotted key -> what to call it; the keys themselves by default.
        longest: characters that there is room for.
    """
    words = [f"{(names or {}).get(key, key)}={scalar_in_words(v)}" for key, v in parameters.items()]
    for shown in range(len(words), 0, -1):
        rest = f" +{len(words) - shown}" if shown < len(words) else ""
        line = " ".join(words[:shown]) + rest
        if len(line) <= longest:
            return line
    return shortened(" ".join(words), longest)


def listed(words: Sequence[str], most: int) -> str:
    """Words with commas; those beyond `most` are counted."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
