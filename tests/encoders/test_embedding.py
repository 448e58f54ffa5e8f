"""Categories as vectors in front of an encoder, against packed `nn.LSTM` over `nn.Embedding`."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from seqlab.batch import SequenceBatch, TaskSpec
from seqlab.compose import compose
from seqlab.encoders.embedding import TokenEmbedding, default_width
from seqlab.gradients import gradient_profile
from seqlab.lit import make_optimizer
from seqlab.model import SequenceModel

LENGTHS = torch.tensor([6, 2, 1, 4])
CARDINALITIES = [9, 5]


def spec(features=2, cardinalities=CARDINALITIES):
    return TaskSpec(
        target="label", features=[f"x{k}" for k in range(features)], classes=["a", "b"], sizes={"train": 4},
        categories=["state", "mode"][: len(cardinalities)], cardinalities=cardinalities, class_counts=[2, 2],
        longest=6,
    )  # fmt: skip


def model_of(*overrides, of=None):
    torch.manual_seed(0)
    return SequenceModel(compose(["model.hidden_size=5", *overrides]).experiment, of or spec())


def batch(features=2, filler=0):
    torch.manual_seed(1)
    tokens = torch.stack([torch.randint(1, n, (4, 6)) for n in CARDINALITIES], 2)
    padding = (torch.arange(6) >= LENGTHS[:, None])[:, :, None]
    return SequenceBatch(
        values=torch.randn(4, 6, features).masked_fill(padding, float("nan")) if features else None,
        tokens=tokens.masked_fill(padding, filler), lengths=LENGTHS, ids=torch.arange(4),
        targets=torch.tensor([0, 1, 0, 1]),
    )  # fmt: skip


@pytest.mark.parametrize("features", [0, 2])
@pytest.mark.parametrize("filler", [0, -7, 10**15])
def test_it_equals_a_packed_lstm_over_an_embedding(features, filler):
    model = model_of("model=bilstm_stacked", "model.dropout=0", of=spec(features)).double()
    given = batch(features, filler)
    tables = [
        nn.Embedding.from_pretrained(w.detach().clone(), padding_idx=0) for w in model.embedding.parameters()
    ]
    width = features + sum(table.embedding_dim for table in tables)
    oracle = nn.LSTM(width, 5, 2, batch_first=True, bidirectional=True, dtype=torch.float64)
    with torch.no_grad():
        for ours, theirs in zip(model.encoder.stack.parameters(), oracle.parameters(), strict=True):
            theirs.copy_(ours)
    numbers = [given.tokens[:, :, k].clamp(0, n - 1) for k, n in enumerate(CARDINALITIES)]
    vectors = torch.cat([table(column) for table, column in zip(tables, numbers, strict=True)], 2)
    x = vectors if features == 0 else torch.cat([given.values.double(), vectors], 2)
    end = oracle(pack_padded_sequence(x, LENGTHS, batch_first=True, enforce_sorted=False))[1][0]
    found = model.encoder(model.embedded(given))
    torch.testing.assert_close(found.final, torch.cat([end[-2], end[-1]], 1), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("model", ["rnn", "gru", "bilstm_stacked", "order_free"])
def test_padding_is_zero_and_learns_nothing_and_the_counts_are_true(model):
    network = model_of(f"model={model}", "model.num_layers=2")
    assert network.parameter_count() == sum(p.numel() for p in network.parameters())
    rows = network.layers(6)
    assert sum(row.parameters for row in rows) == network.parameter_count()
    assert sum(row.flops for row in rows) == network.flops(6)
    assert [row.name for row in rows[:2]] == ["embedding of state (9)", "embedding of mode (5)"]
    tables = list(network.embedding.parameters())
    before = [table.detach().clone() for table in tables]
    assert all((table[:2] == 0).all() for table in before)
    experiment = compose(["optimizer.weight_decay=0.1"]).experiment
    optimizer = make_optimizer(experiment.optimizer, list(network.parameters()), mixed=False)
    for _ in range(3):
        optimizer.zero_grad()
        total, _ = network.task.loss(network(batch()), batch())
        total.backward()
        optimizer.step()
    for table, was, column in zip(tables, before, (0, 1), strict=True):
        used = batch().tokens[:, :, column].unique()
        assert (table[0] == 0).all() and (table.grad[0] == 0).all()
        moved = (table != was).any(1)
        assert moved[used[used > 0]].all()


def test_a_numeric_network_is_what_it_was():
    plain = model_of("model=gru", of=spec(cardinalities=[]))
    assert plain.embedding is None
    torch.manual_seed(0)
    encoder = type(plain.encoder)(compose(["model=gru", "model.hidden_size=5"]).experiment.model, 2)
    for ours, expected in zip(plain.encoder.parameters(), encoder.parameters(), strict=True):
        assert torch.equal(ours, expected)
    assert not [name for name in plain.state_dict() if "embedding" in name]


def test_the_width_is_the_rule_s_or_the_one_that_is_set():
    assert [default_width(n) for n in (3, 5, 10, 100, 10_000)] == [3, 4, 6, 21, 64]
    assert TokenEmbedding(["a"], [10], None).output_size == 6
    assert model_of("model.embedding=3").embedding.output_size == 6


@pytest.mark.parametrize("features", [0, 2])
def test_gradients_are_told_by_step(features):
    profile = gradient_profile(model_of("model=lstm", of=spec(features)), batch(features))
    assert profile.shape == (6,) and (profile > 0).all()
