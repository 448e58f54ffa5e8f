"""Solved widths: the nearest whole number to the reference's cost, by brute force and on real networks."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqlab.comparison.widths import counted_by, solve, solved
from seqlab.sweep.pool import Worker


@given(
    st.integers(1, 2000),
    st.tuples(st.integers(1, 8), st.integers(0, 300), st.integers(0, 5000)),
    st.tuples(st.integers(1, 8), st.integers(0, 300), st.integers(0, 5000)),
)
def test_no_other_width_comes_nearer(width: int, ours: tuple[int, ...], theirs: tuple[int, ...]):
    factors = {"a": ours, "b": theirs}

    def cost(name: str, widths: Sequence[int]) -> list[float]:
        square, line, bias = factors[name]
        return [float(square * w * w + line * w + bias) for w in widths]

    found = {row.arm: row for row in solve(["a", "b"], "a", width, cost)}
    target = cost("a", [width])[0]
    assert found["a"].hidden_size == width and found["a"].off == 0
    nearest = min(abs(c - target) for c in cost("b", range(1, 20_000)))
    assert abs(found["b"].cost - target) == nearest
    assert found["b"].cost == cost("b", [found["b"].hidden_size])[0]


@pytest.mark.slow
@pytest.mark.parametrize("match", ["parameters", "flops"])
def test_networks_come_as_near_as_whole_numbers_allow(
    composed: Callable[..., Any], tmp_path: Path, match: str
):
    file = f"""\
        arms: {{lstm: [model=lstm], stacked: [model=lstm_stacked], both: [model=bilstm_stacked], gru: [model=bigru]}}
        space: {{optimizer.lr: {{low: 1e-4, high: 1e-1, log: true}}}}
        protocol: {{contrasts: {{depth: [stacked, lstm]}}, width: solved, match: {match}}}
        """
    sweep, arms = composed(file)
    done, widths = solved(sweep, arms)
    assert [arm.overrides[-1] for arm in done.arms] == [f"model.hidden_size={w.hidden_size}" for w in widths]
    assert widths[0].hidden_size == 64
    worker = Worker(0, [], tmp_path / "log")
    try:
        cost = counted_by(worker, arms, match)
        for width in widths:
            around = [width.hidden_size - 1, width.hidden_size, width.hidden_size + 1]
            spent = cost(width.arm, around)
            off = [abs(c - width.target) for c in spent]
            assert off[1] == min(off) and spent[1] == width.cost
    finally:
        worker.stop()
