"""A recurrent cell given by the equations of one step."""

import torch
from torch import Tensor, nn

from seqlab.recurrent.cells import CellOptions, StepCell


class MinimalGatedUnit(StepCell):
    """A GRU with a single gate (Zhou et al. 2016, "Minimal gated unit for recurrent neural networks").

    f = sigmoid(W_f x_t + U_f h); n = tanh(W_n x_t + U_n (f * h)); h' = (1 - f) * h + f * n.
    """

    state_parts = 1

    def __init__(self, input_size: int, hidden_size: int, options: CellOptions) -> None:
        super().__init__(input_size, hidden_size, options)
        self.from_input = nn.Linear(input_size, 2 * hidden_size)
        self.gate_from_state = nn.Linear(hidden_size, hidden_size, bias=False)
        self.new_from_state = nn.Linear(hidden_size, hidden_size, bias=False)

    def step(self, x_t: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """One time step: input [B, F] and state ([B, H],) to output [B, H] and the new state."""
        (h,) = state
        gate, new = self.from_input(x_t).chunk(2, dim=-1)
        f = torch.sigmoid(gate + self.gate_from_state(h))
        n = torch.tanh(new + self.new_from_state(f * h))
        h = h + f * (n - h)
        return h, (h,)
