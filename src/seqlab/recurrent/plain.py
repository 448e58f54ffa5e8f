"""The same layers as a user of PyTorch writes them: `nn.RNN`, `nn.GRU` or `nn.LSTM`, packed where lengths differ.

What a verdict on time is held against: a ratio between two networks may be the kernels' doing rather than the cells'.
"""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from seqlab.recurrent.cells import GRU, LSTM, RNN
from seqlab.recurrent.stack import RecurrentStack


class PlainLayers(nn.Module):
    """A stack's layers by `torch.nn` alone, with weights of its own.

    Args:
        network: `nn.RNN`, `nn.GRU` or `nn.LSTM`, batch first.
    """

    def __init__(self, network: nn.RNNBase) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Float[Tensor, "B T F"], lengths: Int64[Tensor, " B"]) -> Float[Tensor, "B DH"]:
        """The last layer's state after every row's last true step, the directions side by side.

        Args:
            x: inputs, right-padded.
            lengths: true lengths on the CPU.
        """
        whole = int(lengths.min()) == x.shape[1]
        end = self.network(
            x if whole else pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        )[1]
        hidden_LBH = end[0] if isinstance(end, tuple) else end
        return torch.cat(list(hidden_LBH[-(2 if self.network.bidirectional else 1) :]), 1)


def plain_layers(stack: RecurrentStack) -> PlainLayers | None:
    """The plain layers of a stack's shape; None where `torch.nn` has none.

    It has no cells but its own, and neither normalisation nor residual sums between layers.

    Args:
        stack: whose shape and place (CPU or a GPU) they take; dropout between layers is left out.
    """
    first = stack.cells[0]
    if len(stack.norms) > 0 or stack.residual:
        return None
    shape, both = (first.input_size, first.hidden_size, len(stack.layers)), stack.num_directions == 2
    network: nn.RNNBase
    if type(first) is LSTM:
        network = nn.LSTM(*shape, batch_first=True, bidirectional=both)
    elif type(first) is GRU:
        network = nn.GRU(*shape, batch_first=True, bidirectional=both)
    elif type(first) is RNN:
        nonlinearity = first.options.nonlinearity
        network = nn.RNN(*shape, nonlinearity=nonlinearity, batch_first=True, bidirectional=both)
    else:
        return None
    weight = next(stack.parameters())
    return PlainLayers(network.to(device=weight.device, dtype=weight.dtype))
