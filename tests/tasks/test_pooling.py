"""Pooling is exact: whatever stands past a sequence's length changes neither results nor gradients."""

import pytest
import torch

from seqlab.batch import Encoded
from seqlab.errors import ConfigError
from seqlab.tasks.pooling import AttentionPooling, make_pooling

NAMES = ["last", "mean", "max", "attention"]
LENGTHS = torch.tensor([5, 1, 3, 7])


def encoded(padding: float = 0.0, longest: int = 7, dtype=torch.float64) -> Encoded:
    generator = torch.Generator().manual_seed(3)
    steps = torch.randn(4, 7, 6, generator=generator, dtype=dtype)
    steps = torch.cat([steps, steps.new_zeros(4, longest - 7, 6)], dim=1)
    mask = torch.arange(longest) < LENGTHS[:, None]
    steps = torch.where(mask[..., None], steps, padding).requires_grad_()
    return Encoded(steps=steps, final=steps[torch.arange(4), LENGTHS - 1], lengths=LENGTHS)


def pooled(name: str, batch: Encoded):
    pooling = make_pooling(name, 6).double()
    if isinstance(pooling, AttentionPooling):
        torch.nn.init.normal_(pooling.query, generator=torch.Generator().manual_seed(5))
    result = pooling(batch)
    result.square().sum().backward()
    parameters = [p.grad for p in pooling.parameters()]
    return result.detach(), batch.steps.grad, parameters


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("padding", [float("nan"), float("inf"), 1e30, -1e30])
def test_padding_is_never_read(name, padding):
    result, gradient, parameters = pooled(name, encoded())
    same, same_gradient, same_parameters = pooled(name, encoded(padding, longest=11))
    torch.testing.assert_close(same, result)
    torch.testing.assert_close(same_gradient[:, :7], gradient)
    assert not same_gradient[:, 7:].any()
    for one, other in zip(same_parameters, parameters, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("name", NAMES)
def test_each_sequence_alone_gives_the_same(name):
    batch = encoded()
    together, _, _ = pooled(name, batch)
    for row, length in enumerate(LENGTHS.tolist()):
        steps = batch.steps.detach()[row : row + 1, :length].requires_grad_()
        alone, _, _ = pooled(name, Encoded(steps=steps, final=steps[:, -1], lengths=LENGTHS[row : row + 1]))
        torch.testing.assert_close(alone[0], together[row])


def test_against_plain_arithmetic():
    batch = encoded()
    rows = [batch.steps.detach()[i, :n] for i, n in enumerate(LENGTHS.tolist())]
    torch.testing.assert_close(pooled("last", encoded())[0], torch.stack([r[-1] for r in rows]))
    torch.testing.assert_close(pooled("mean", encoded())[0], torch.stack([r.mean(0) for r in rows]))
    torch.testing.assert_close(pooled("max", encoded())[0], torch.stack([r.max(0).values for r in rows]))
    attention = AttentionPooling(6).double()
    torch.testing.assert_close(attention(encoded()), pooled("mean", encoded())[0])  # the query begins at 0
    torch.nn.init.normal_(attention.query)
    expected = [((r @ attention.query) / 6**0.5).softmax(0) @ r for r in rows]
    torch.testing.assert_close(attention(encoded()), torch.stack(expected))


@pytest.mark.parametrize("name", NAMES)
def test_flops_grow_with_length(name):
    pooling = make_pooling(name, 6)
    assert pooling.flops(10) >= pooling.flops(1) >= 0


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="attention"):
        make_pooling("atention", 6)
