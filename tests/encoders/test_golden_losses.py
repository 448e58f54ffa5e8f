"""The first 20 training steps of every cell, kept in golden/: a change of the code must reproduce them.

When the numbers are meant to change, write them anew with

    python tests/encoders/test_golden_losses.py

and say in the commit why.
"""

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from seqlab.batch import SequenceBatch
from seqlab.config.model import ModelConfig, OrderFreeConfig, RecurrentConfig
from seqlab.encoders.order_free import OrderFreeEncoder
from seqlab.encoders.recurrent import RecurrentEncoder
from seqlab.recurrent.dropout import set_dropout_step

GOLDEN = Path(__file__).parent / "golden"
STEPS = 20
SHAPE = {"num_layers": 2, "hidden_size": 16, "dropout": 0.2}
CONFIGS: dict[str, ModelConfig] = {
    "rnn": RecurrentConfig(cell="rnn", **SHAPE),
    "rnn_relu": RecurrentConfig(cell="rnn", nonlinearity="relu", bidirectional=True, **SHAPE),
    "gru": RecurrentConfig(cell="gru", bidirectional=True, **SHAPE),
    "lstm": RecurrentConfig(
        cell="lstm",
        bidirectional=True,
        layer_norm=True,
        residual=True,
        orthogonal=True,
        forget_bias=1.0,
        **SHAPE,
    ),
    "order_free": OrderFreeConfig(**SHAPE),
}


def synthetic() -> SequenceBatch:
    """Sixty sequences of three classes that differ in the frequency of a noisy sine."""
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(5, 25, (60,), generator=generator)
    targets = torch.arange(60) % 3
    time = torch.arange(24)[None, :, None]
    waves = torch.sin(time * (targets + 1)[:, None, None] * 0.4 + torch.arange(4) * 0.7)
    noise = torch.randn(60, 24, 4, generator=generator)
    return SequenceBatch(values=waves + 0.3 * noise, lengths=lengths, targets=targets, ids=torch.arange(60))


def losses(name: str) -> list[float]:
    """Losses of the first steps: Adam, full batch, one seed."""
    config = CONFIGS[name]
    torch.manual_seed(0)
    encoder = (
        RecurrentEncoder(config, 4) if isinstance(config, RecurrentConfig) else OrderFreeEncoder(config, 4)
    )
    head = nn.Linear(encoder.output_size, 3)
    optimizer = torch.optim.Adam([*encoder.parameters(), *head.parameters()], lr=1e-2)
    batch = synthetic()
    seen = []
    for step in range(STEPS):
        set_dropout_step(encoder, seed=0, step=step)
        loss = nn.functional.cross_entropy(head(encoder(batch).final), batch.targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seen.append(round(loss.item(), 6))
    return seen


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_first_losses_are_the_kept_ones(name):
    kept = json.loads((GOLDEN / f"{name}.json").read_text())
    assert kept[-1] < kept[0]
    assert losses(name) == pytest.approx(kept, abs=1e-4)


if __name__ == "__main__":
    torch.set_num_threads(1)
    GOLDEN.mkdir(exist_ok=True)
    for each in CONFIGS:
        (GOLDEN / f"{each}.json").write_text(json.dumps(losses(each), indent=1) + "\n")
        print(each, losses(each)[::5])
