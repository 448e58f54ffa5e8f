"""Counter-based dropout: its rate, its independence, and what it must not depend on."""

import pytest
import torch

from seqlab.recurrent.dropout import CounterDropout, set_dropout_step


def mask(p=0.3, stream=1, seed=5, step=9, items=None, shape=(40, 50, 32)):
    dropout = CounterDropout(p, stream)
    set_dropout_step(dropout, seed, step)
    return dropout(torch.ones(shape), items) == 0


@pytest.mark.parametrize("p", [0.05, 0.3, 0.5, 0.9])
def test_rate_and_scale(p):
    dropped = mask(p, shape=(100, 100, 32))
    n = dropped.numel()
    assert abs(dropped.float().mean().item() - p) < 4 * (p * (1 - p) / n) ** 0.5
    for axis in ((1, 2), (0, 2), (0, 1)):
        rates = dropped.double().mean(axis)
        count = n / len(rates)
        # variance of the rates over items, steps and units is that of independent draws
        assert 0.6 < rates.var().item() / (p * (1 - p) / count) < 1.6
    x = torch.ones(100, 100, 32)
    out = CounterDropout(p, 1)(x, None)
    assert abs(out.mean().item() - 1) < 0.01 / (1 - p)
    assert len(out.unique()) == 2


def test_masks_of_different_seeds_steps_streams_items_and_positions_are_independent():
    base = mask()
    others = [mask(seed=6), mask(step=10), mask(stream=2), mask(items=torch.arange(1, 41) * 1000)]
    others += [base.roll(1, 0), base.roll(1, 1), base.roll(1, 2), base.roll(4, 2)]
    bound = 4 / base.numel() ** 0.5
    for other in others:
        pair = torch.stack([base.flatten(), other.flatten()]).float()
        assert abs(torch.corrcoef(pair)[0, 1].item()) < bound
    # a seed and a step, or a stream and a step, must not trade places
    assert not torch.equal(mask(seed=9, step=5), base)
    assert not torch.equal(mask(stream=9, step=1), base)


def test_nothing_else_matters():
    x = torch.randn(6, 7, 5)
    items = torch.tensor([10, 11, 12, 400, 2**40, 15])
    dropout = CounterDropout(0.5, 3)
    whole = dropout(x, items)
    order = torch.tensor([5, 3, 1, 0, 2, 4])
    assert torch.equal(dropout(x[order], items[order]), whole[order])
    halves = torch.cat([dropout(x[:2], items[:2]), dropout(x[2:], items[2:])])
    assert torch.equal(halves, whole)
    longer = torch.cat([x, torch.zeros(6, 4, 5)], 1)
    assert torch.equal(dropout(longer, items)[:, :7], whole)
    torch.rand(3)
    assert torch.equal(dropout(x, items), whole)
    assert torch.equal(dropout(x.double(), items).float(), whole)


def test_default_items_are_row_numbers():
    x = torch.randn(4, 3)
    assert torch.equal(CounterDropout(0.5, 1)(x, None), CounterDropout(0.5, 1)(x, torch.arange(4)))


def test_identity_in_evaluation_and_at_zero():
    x = torch.randn(3, 4)
    assert CounterDropout(0.5, 1).eval()(x, None) is x
    assert CounterDropout(0.0, 1)(x, None) is x


def test_gradient_is_the_mask():
    x = torch.randn(5, 6, dtype=torch.float64, requires_grad=True)
    dropout = CounterDropout(0.4, 1)
    out = dropout(x, None)
    out.sum().backward()
    torch.testing.assert_close(x.grad * x.detach(), out.detach())


def test_known_mask_stays_what_it_is():
    """Resumed runs and other machines must meet the same mask: a change here is a break."""
    dropout = CounterDropout(0.5, 1)
    set_dropout_step(dropout, 0, 3)
    kept = dropout(torch.ones(2, 12), torch.tensor([0, 7])) > 0
    assert ["".join("x" if k else "." for k in row) for row in kept.tolist()] == KNOWN


def test_wrong_rate_is_refused():
    for p in (1.0, -0.1):
        with pytest.raises(ValueError, match=r"p must be in \[0, 1\)"):
            CounterDropout(p, 1)


KNOWN = ["xxx...x.x.xx", ".x...xxxxxxx"]
