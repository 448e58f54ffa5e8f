"""What is timed: the layers as seqlab runs them, and PyTorch's own of the same shape."""

import pytest
import torch

from seqlab.batch import SequenceBatch, TaskSpec
from seqlab.comparison.speeds import speeds
from seqlab.compose import compose
from seqlab.model import SequenceModel
from seqlab.recurrent.plain import plain_layers

SPEC = TaskSpec(
    target="label",
    features=("x", "y", "z"),
    classes=("a", "b"),
    class_counts=(4, 4),
    sizes={"train": 8},
    longest=9,
)


@pytest.fixture
def batch() -> SequenceBatch:
    torch.manual_seed(0)
    lengths = torch.randint(1, 9, (8,))
    return SequenceBatch(
        values=torch.randn(8, 9, 3), lengths=lengths, targets=torch.zeros(8, dtype=torch.int64)
    )


def network(*settings: str) -> SequenceModel:
    torch.manual_seed(0)
    return SequenceModel(compose(list(settings)).experiment, SPEC)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_plain_layers_are_the_same_network(cell, bidirectional, batch):
    shape = ["model.num_layers=2", "model.hidden_size=5", f"model.bidirectional={bidirectional}"]
    stack = network(f"model={cell}", "model.dropout=0", *shape).encoder.stack
    plain = plain_layers(stack)
    assert plain is not None
    with torch.no_grad():
        for theirs, ours in zip(plain.parameters(), stack.parameters(), strict=True):
            theirs.copy_(ours)
        torch.testing.assert_close(plain(batch.values, batch.lengths), stack(batch.values, batch.lengths)[1])


def test_every_arm_is_timed_beside_plain_layers_where_there_are_such(batch):
    networks = {
        "gru": (network("model=gru"), batch),
        "normed": (network("model=lstm", "model.layer_norm=true"), batch),
        "order free": (network("model=order_free"), batch),
    }
    found = speeds(networks)
    assert list(found) == ["gru", "normed"]
    assert found["gru"].ours > 0 and found["gru"].plain is not None and found["gru"].plain > 0
    assert found["normed"].ours > 0 and found["normed"].plain is None
