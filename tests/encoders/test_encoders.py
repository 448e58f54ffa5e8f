"""What the encoders promise beyond the conformance kit (tests/testing holds them to that)."""

import dataclasses

import pytest
import torch

from seqlab.batch import SequenceBatch
from seqlab.config.model import OrderFreeConfig, RecurrentConfig
from seqlab.encoders.order_free import OrderFreeEncoder, pooled_statistics
from seqlab.encoders.recurrent import RecurrentEncoder

LENGTHS = torch.tensor([6, 2, 1, 4])


def batch(features=3):
    torch.manual_seed(1)
    return SequenceBatch(values=torch.randn(4, 6, features), lengths=LENGTHS, ids=torch.arange(4))


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("num_layers", [1, 3])
def test_shapes_and_declared_sizes_are_true(cell, bidirectional, num_layers):
    encoder = RecurrentEncoder(
        RecurrentConfig(cell=cell, bidirectional=bidirectional, num_layers=num_layers, hidden_size=5), 3
    )
    encoded = encoder(batch())
    width = 10 if bidirectional else 5
    assert encoder.output_size == width
    assert encoded.steps.shape == (4, 6, width)
    assert encoded.final.shape == (4, width)
    assert torch.equal(encoded.lengths, LENGTHS)
    assert sum(part[0].numel() for entry in encoded.state for part in entry) == encoder.state_size
    torch.testing.assert_close(encoded.final[:, :5], encoded.steps[torch.arange(4), LENGTHS - 1, :5])
    if bidirectional:
        torch.testing.assert_close(encoded.final[:, 5:], encoded.steps[:, 0, 5:])


def test_every_option_changes_the_network():
    def outcome(**options):
        torch.manual_seed(0)
        encoder = RecurrentEncoder(RecurrentConfig(num_layers=2, hidden_size=5, **options), 3)
        return encoder(batch()).final.detach()

    plain = outcome()
    changes = [
        {"cell": "gru"},
        {"dropout": 0.5},
        {"layer_norm": True},
        {"residual": True},
        {"orthogonal": True},
        {"forget_bias": 1.0},
    ]
    for change in changes:
        assert not torch.allclose(outcome(**change), plain), change
    assert not torch.allclose(outcome(cell="rnn"), outcome(cell="rnn", nonlinearity="relu"))


def test_layer_table_adds_up():
    for config in (
        RecurrentConfig(num_layers=2, bidirectional=True, layer_norm=True, residual=True),
        OrderFreeConfig(num_layers=2),
    ):
        kind = RecurrentEncoder if isinstance(config, RecurrentConfig) else OrderFreeEncoder
        encoder = kind(config, 12)
        rows = encoder.layers(20)
        assert sum(row.parameters for row in rows) == sum(p.numel() for p in encoder.parameters())
        assert sum(row.flops for row in rows) == encoder.flops(20)
        assert encoder.flops(40) > encoder.flops(20)
    lstm = RecurrentEncoder(RecurrentConfig(hidden_size=64), 12)
    assert [dataclasses.astuple(row) for row in lstm.layers(10)] == [
        ("lstm 1", "T x 64", 4 * 64 * (12 + 64 + 2), 10 * (2 * 4 * 64 * (12 + 64) + 21 * 64))
    ]


def test_order_free_is_blind_to_order():
    torch.manual_seed(0)
    encoder = OrderFreeEncoder(OrderFreeConfig(num_layers=2, hidden_size=8), 3).double()
    values = batch().values.double()
    shuffled = values.clone()
    for row, length in enumerate(LENGTHS.tolist()):
        shuffled[row, :length] = values[row, torch.randperm(length)]
    one = encoder(SequenceBatch(values=values, lengths=LENGTHS))
    two = encoder(SequenceBatch(values=shuffled, lengths=LENGTHS))
    torch.testing.assert_close(one.final, two.final)
    assert one.state is None
    assert one.steps.shape == (4, 1, 8)
    assert torch.equal(one.lengths, torch.ones(4, dtype=torch.int64))


def test_statistics_are_numpy_s():
    values = batch(2).values.double()
    pooled = pooled_statistics(values, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        steps = values[row, :length].numpy()
        expected = [*steps.mean(0), *steps.std(0), *steps.min(0), *steps.max(0)]
        torch.testing.assert_close(pooled[row, :-1], torch.tensor(expected), atol=2e-4, rtol=0)
        assert pooled[row, -1].item() == pytest.approx(torch.tensor(length).log().item())


def test_statistics_of_constant_features_have_finite_gradients():
    values = torch.ones(4, 6, 2, requires_grad=True)
    pooled_statistics(values, LENGTHS).sum().backward()
    assert torch.isfinite(values.grad).all()
