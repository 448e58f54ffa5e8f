"""How long the layers of every arm take for one training step, as seqlab runs them and as plain PyTorch layers.

CPU time, forwards and backwards over one training batch, all contestants in turn within every round, so that whatever
slows the machine down slows all of them.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from seqlab.batch import SequenceBatch
from seqlab.model import SequenceModel
from seqlab.recurrent.plain import plain_layers
from seqlab.recurrent.stack import RecurrentStack

_WARM_UP = 2
_ROUNDS = 9
_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Median milliseconds of a training step of the layers.

    Args:
        ours: as seqlab runs them.
        plain: as `torch.nn`'s layers, packed where lengths differ; None where there are none of this kind.
    """

    ours: float
    plain: float | None


def speeds(networks: Mapping[str, tuple[SequenceModel, SequenceBatch]]) -> dict[str, Speed]:
    """Time the layers of every arm.

    Args:
        networks: arm -> its network and the batch that it is timed on, on the CPU.

    Returns:
        Arm -> its speed; arms without recurrent layers are left out.
    """
    steps: dict[tuple[str, bool], Callable[[], None]] = {}
    for arm, (model, batch) in networks.items():
        stack = next((part for part in model.modules() if isinstance(part, RecurrentStack)), None)
        if stack is None:
            continue
        with torch.no_grad():
            values = model.embedded(batch).values
        assert values is not None
        steps[arm, True] = _step(stack, lambda stack=stack, x=values, n=batch.lengths: stack(x, n)[1])
        plain = plain_layers(stack)
        if plain is not None:
            steps[arm, False] = _step(plain, lambda plain=plain, x=values, n=batch.lengths: plain(x, n))
    taken = _in_turn(steps)
    return {
        arm: Speed(ours=taken[arm, True], plain=taken.get((arm, False)))
        for arm in networks
        if (arm, True) in taken
    }


def _step(layers: nn.Module, forward: Callable[[], Tensor]) -> Callable[[], None]:
    def step() -> None:
        layers.zero_grad()
        forward().sum().backward()

    return step


def _in_turn(steps: Mapping[tuple[str, bool], Callable[[], None]]) -> dict[tuple[str, bool], float]:
    """Medians over rounds in which everyone has one turn; fewer rounds where they take long.

    A turn is two steps, of which the second counts: the first finds the caches as another contestant left them.
    """
    seen: dict[tuple[str, bool], list[float]] = {key: [] for key in steps}
    began = time.monotonic()
    for turn in range(_WARM_UP + _ROUNDS):
        for key, step in steps.items():
            step()
            start = time.process_time()
            step()
            if turn >= _WARM_UP or time.monotonic() - began > _SECONDS:
                seen[key].append(1000 * (time.process_time() - start))
        if time.monotonic() - began > _SECONDS and all(seen.values()):
            break
    return {key: statistics.median(values) for key, values in seen.items()}
