"""Widths solved: every arm as wide as it must be to cost what the reference arm costs.

The cost is counted by building the networks, on no device at all, so it is exact for every encoder there is.
"""

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from seqlab.comparison.contrasts import WIDTH
from seqlab.config.build import with_values
from seqlab.errors import UserError
from seqlab.replication import Width
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.definition import Sweep
from seqlab.sweep.orders import Costs, CostsOf
from seqlab.sweep.pool import LOG_FILE, Lost, Worker

# Hidden sizes at each of which a network costs more than at the one before.
_LADDER = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536)
CostOf = Callable[[str, Sequence[int]], list[float]]


def solved(sweep: Sweep, arms: Sequence[ComposedArm]) -> tuple[Sweep, list[Width]]:
    """The sweep with the width of every arm but the reference set so that all cost the same.

    Args:
        sweep: its width is to be solved.
        arms: composed, with the widths of their files.

    Returns:
        The sweep, to be composed again, and the widths.

    Raises:
        UserError: if the networks cannot be built.
    """
    protocol = sweep.config.protocol
    names = [arm.name for arm in arms]
    reference = protocol.reference or names[0]
    at = next(arm for arm in arms if arm.name == reference)
    own = int(at.lookup(_some(at))(WIDTH))  # type: ignore[call-overload]
    with tempfile.TemporaryDirectory(prefix="seqlab-widths-") as folder:
        first = arms[0].experiment(_some(arms[0]))
        worker = Worker(0, first.plugins, Path(folder) / LOG_FILE)
        try:
            widths = solve(names, reference, own, counted_by(worker, arms, protocol.match))
        except Lost as lost:
            raise UserError(f"protocol.width: the networks could not be counted: {lost}") from None
        finally:
            worker.stop()
    by_arm = {width.arm: width.hidden_size for width in widths}
    settled = tuple(
        dataclasses.replace(arm, overrides=(*_without_width(arm.overrides), f"{WIDTH}={by_arm[arm.name]}"))
        for arm in sweep.arms
    )
    fixed = tuple(_without_width(sweep.fixed))
    return dataclasses.replace(sweep, arms=settled, fixed=fixed), widths


def solve(names: Sequence[str], reference: str, hidden_size: int, cost: CostOf) -> list[Width]:
    """The hidden size of every arm whose cost is nearest to the reference's.

    Args:
        names: of the arms.
        reference: the arm to be matched.
        hidden_size: its width, which stays.
        cost: what an arm costs at some widths; it grows with the width.
    """
    target = cost(reference, [hidden_size])[0]
    found: list[Width] = []
    for name in names:
        if name == reference:
            found.append(Width(arm=name, hidden_size=hidden_size, cost=target, target=target))
            continue
        ladder = cost(name, _LADDER)
        high = next((w for w, c in zip(_LADDER, ladder, strict=True) if c >= target), _LADDER[-1])
        low = _LADDER[max(_LADDER.index(high) - 1, 0)]
        while high - low > 1:
            step = max((high - low) // 8, 1)
            rungs = [*range(low, high, step), high]
            costs = cost(name, rungs)
            place = next((n for n, c in enumerate(costs) if c >= target), len(rungs) - 1)
            low, high = rungs[max(place - 1, 0)], rungs[place]
            if place == 0:
                break
        pair = sorted({low, high})
        best, spent = min(
            zip(pair, cost(name, pair), strict=True), key=lambda at: (abs(at[1] - target), at[0])
        )
        found.append(Width(arm=name, hidden_size=best, cost=spent, target=target))
    return found


def counted_by(worker: Worker, arms: Sequence[ComposedArm], match: str) -> CostOf:
    """Counts costs in a worker, which knows torch and the data."""
    by_name = {arm.name: arm for arm in arms}
    worker.ensure()

    def cost(name: str, widths: Sequence[int]) -> list[float]:
        arm = by_name[name]
        plain = arm.plain(_some(arm))
        worker.send(CostsOf(settings=[with_values(plain, {WIDTH: w}) for w in widths], latency=False))
        while not isinstance(answer := worker.receive(1.0), Costs):
            pass
        return [float(found[match] or 0) for found in answer.costs]

    return cost


def _some(arm: ComposedArm) -> dict[str, bool | int | float | str | None]:
    """Some point of the space; what is tuned does not change what a network costs."""
    return arm.walk(lambda parameter: parameter.ends()[0])


def _without_width(words: Sequence[str]) -> list[str]:
    return [word for word in words if not word.startswith(f"{WIDTH}=")]
