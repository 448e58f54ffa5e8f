"""Labels as people sort them."""

import math
import re
from collections.abc import Sequence


def natural_order(labels: Sequence[str]) -> list[str]:
    """The distinct labels as people sort them: numbers by value, and "s2" before "s10"."""
    distinct = set(labels)
    try:
        if all(math.isfinite(float(label)) for label in distinct):
            return sorted(distinct, key=lambda label: (float(label), label))
    except ValueError:
        pass
    return sorted(distinct, key=_natural_key)


def _natural_key(label: str) -> tuple[list[tuple[int, int, str]], str]:
    pieces = re.split(r"([0-9]+)", label)
    # texts stand at even places, digits at odd ones, so like is always compared with like
    return [(0, int(piece), "") if k % 2 else (1, 0, piece) for k, piece in enumerate(pieces)], label
