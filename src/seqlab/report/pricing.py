"""What an arm costs beside another, and whether what is said of time is the cells' doing or the kernels'."""

import math
from collections.abc import Sequence

from seqlab.report.evidence import Arm

_ALIKE = 1.1
_COSTS = (
    ("parameters", "the parameters"),
    ("flops", "the FLOPs"),
    ("latency_ms", "the latency"),
    ("seconds", "the training time"),
)
_LAYERS = (
    ("layers_ms", "the time of a training step of the layers"),
    ("plain_layers_ms", "that time on plain PyTorch layers"),
)


def price(arm: Arm, than: Arm) -> str:
    """What one arm costs beside another, such as "2.1 times the parameters"; empty where nothing is known."""
    ratios = [(cost_ratio(arm, than, key), name) for key, name in _COSTS]
    words = ", ".join(f"{times(ratio)} times {name}" for ratio, name in ratios if ratio is not None)
    return f"{words}{_of_the_layers(arm, than)}" if words else ""


def prices(pairs: Sequence[tuple[Arm, Arm]]) -> str:
    """What arms cost beside those they are held against, as ranges over all pairs, such as "0.98 to 1.5 times ..."."""
    words: list[str] = []
    for key, name in (*_COSTS, *_LAYERS):
        ratios = [ratio for arm, than in pairs if (ratio := cost_ratio(arm, than, key)) is not None]
        if len(ratios) == len(pairs):
            low, high = times(min(ratios)), times(max(ratios))
            words.append(f"{low if low == high else f'{low} to {high}'} times {name}")
    return ", ".join(words)


def cost_ratio(arm: Arm, than: Arm, key: str) -> float | None:
    """How many times a cost of one arm is that of another; None where one is not known, or nothing."""
    ours, theirs = arm.cost.get(key), than.cost.get(key)
    if ours is None or theirs is None or not (0 < ours < math.inf and 0 < theirs < math.inf):
        return None
    return ours / theirs


def times(ratio: float) -> str:
    """A ratio with as many digits as it takes to see that it is not 1."""
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.2f}" if ratio < 1.1 else f"{ratio:.1f}"


def _of_the_layers(arm: Arm, than: Arm) -> str:
    """The layers alone, and plain PyTorch's."""
    ours, plain = (cost_ratio(arm, than, key) for key, _ in _LAYERS)
    if ours is None:
        return ""
    said = (
        f" (a training step of the layers takes {times(ours)} times as long on {arm.engine or 'this machine'}"
    )
    if plain is None:
        return f"{said}; PyTorch has no plain layers of this kind to compare)"
    beside = f"of plain PyTorch layers {times(plain)} times"
    return f"{said}, but {beside})" if _side(ours) != _side(plain) else f"{said}, {beside})"


def _side(ratio: float) -> int:
    """Slower, quicker, or alike within a tenth."""
    return (ratio > _ALIKE) - (ratio < 1 / _ALIKE)
