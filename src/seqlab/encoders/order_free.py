"""The encoder that does not see order: what recurrence is held against."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from seqlab.batch import Encoded, SequenceBatch, State
from seqlab.config.model import OrderFreeConfig
from seqlab.encoders.base import Encoder
from seqlab.recurrent.dropout import CounterDropout
from seqlab.recurrent.lengths import real_steps
from seqlab.results import LayerRow

STATISTICS = ("mean", "standard deviation", "minimum", "maximum")


class OrderFreeEncoder(Encoder):
    """Statistics of every feature over the true steps, and the length, into a multilayer perceptron.

    The inputs are mean, standard deviation, minimum and maximum of each feature and the logarithm of the number of
    steps: the same for the steps in any order. The length is among them because the recurrent encoders see it too.

    Args:
        config: `num_layers` hidden layers of `hidden_size` units (relu), with dropout between them.
        input_size: F, numbers of a step: numeric features and vectors of categories.
    """

    def __init__(self, config: OrderFreeConfig, input_size: int) -> None:
        super().__init__(input_size=input_size, output_size=config.hidden_size, state_size=0)
        widths = [len(STATISTICS) * input_size + 1] + [config.hidden_size] * (config.num_layers - 1)
        self.linears = nn.ModuleList(nn.Linear(width, config.hidden_size) for width in widths)
        self.dropouts = nn.ModuleList(
            CounterDropout(config.dropout, stream=layer) for layer in range(1, config.num_layers)
        )

    def forward(self, batch: SequenceBatch, state: State | None = None) -> Encoded:
        """Encode the batch as one step a sequence. See `Encoder.forward`; there is no state."""
        assert batch.values is not None, "categories come as vectors among the values"
        assert state is None, "an order-free encoder carries no state"
        final = pooled_statistics(batch.values, batch.lengths)
        for number, linear in enumerate(self.linears):
            if number:
                final = self.dropouts[number - 1](final, batch.ids)
            final = torch.relu(linear(final))
        return Encoded(steps=final[:, None, :], final=final, lengths=torch.ones_like(batch.lengths))

    def flops(self, length: int) -> int:
        """The layers' together: see `layers`."""
        return sum(row.flops for row in self.layers(length))

    def layers(self, length: int) -> list[LayerRow]:
        """The statistics (6 operations a number) and the hidden layers."""
        rows = [
            LayerRow(
                name="statistics over time",
                output=f"{len(STATISTICS) * self.input_size + 1}",
                parameters=0,
                flops=6 * length * self.input_size,
            )
        ]
        for number, linear in enumerate(self.linears):
            matrix = linear.get_parameter("weight")
            rows.append(
                LayerRow(
                    name=f"linear {number + 1}, relu",
                    output=f"{self.output_size}",
                    parameters=sum(p.numel() for p in linear.parameters()),
                    flops=2 * matrix.numel() + 2 * self.output_size,
                )
            )
        return rows


def pooled_statistics(x: Float[Tensor, "B T F"], lengths: Int64[Tensor, " B"]) -> Float[Tensor, "B S"]:
    """Mean, standard deviation, minimum and maximum over the true steps, and log(length): S = 4F + 1.

    Args:
        x: values; past the lengths they may hold anything.
        lengths: true lengths.
    """
    real = real_steps(lengths, x.shape[1], x.device)[:, :, None]
    count = lengths.to(x.device, x.dtype)[:, None]
    mean = torch.where(real, x, 0.0).sum(1) / count
    # the small number keeps the root's gradient finite for a constant feature
    variance = torch.where(real, x - mean[:, None], 0.0).square().sum(1) / count
    low = torch.where(real, x, torch.inf).amin(1)
    high = torch.where(real, x, -torch.inf).amax(1)
    return torch.cat([mean, (variance + 1e-8).sqrt(), low, high, count.log()], 1)
