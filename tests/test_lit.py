"""Learning-rate schedules as functions of the step."""

import pytest
import torch

from seqlab.config.training import SchedulerConfig
from seqlab.lit import rate_at


def rates(name, warmup, steps):
    config = SchedulerConfig(name=name, warmup=warmup)
    return [rate_at(config, step, steps) for step in range(steps + 1)]


@pytest.mark.parametrize("steps", [10, 37])
def test_cosine_is_pytorchs(steps):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for mine in rates("cosine", 0.0, steps):
        assert mine == pytest.approx(optimizer.param_groups[0]["lr"], abs=1e-12)
        optimizer.step()
        schedule.step()


def test_one_cycle_starts_at_a_25th_peaks_after_the_warmup_and_ends_near_nothing():
    found = rates("one_cycle", 0.3, 100)
    assert found[0] == pytest.approx(1 / 25)
    assert (max(found), found.index(max(found))) == (1.0, 30)
    assert found[-1] == pytest.approx(1e-4)
    assert found[:31] == sorted(found[:31]) and found[30:] == sorted(found[30:], reverse=True)


@pytest.mark.parametrize("name", ["one_cycle", "cosine"])
@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.5, 0.99])
def test_any_number_of_steps_gives_rates_in_range(name, warmup):
    for steps in range(1, 12):
        assert all(0 <= rate <= 1 for rate in rates(name, warmup, steps))
