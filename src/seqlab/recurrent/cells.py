"""Recurrent cells: one layer in one direction over right-padded sequences.

`RNN`, `GRU` and `LSTM` run PyTorch's fused kernels (see `fused.py`). `StepCell` is the easy base for a cell of
your own: only the equations of one time step are written.
"""

import abc
import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from seqlab.recurrent.fused import HUGE, OFF, Kernel, run_fused

CellState = tuple[Tensor, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellOptions:
    """How a cell is built and started; a cell leaves aside what it has no use for.

    Args:
        nonlinearity: of the vanilla RNN.
        orthogonal: start every gate's recurrent matrix orthogonal (Saxe et al. 2014).
        forget_bias: initial bias of the LSTM's forget gate, both of its biases together (Jozefowicz et al. 2015
            advise 1); None: PyTorch's uniform.
    """

    nonlinearity: Literal["tanh", "relu"] = "tanh"
    orthogonal: bool = False
    forget_bias: float | None = None


class Cell(nn.Module, abc.ABC):
    """One recurrent layer in the forward direction over right-padded input.

    Args:
        input_size: F, features of a step.
        hidden_size: H, units.
        options: see `CellOptions`.
    """

    state_parts: ClassVar[int]
    """Tensors [B, H] carried from step to step: 1 for (h,), 2 for (h, c)."""

    def __init__(self, input_size: int, hidden_size: int, options: CellOptions) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.options = options

    @abc.abstractmethod
    def forward(
        self, x: Float[Tensor, "B T F"], lengths: Int64[Tensor, " B"], state: CellState | None = None
    ) -> tuple[Float[Tensor, "B T H"], CellState]:
        """Run over every row up to its length.

        Args:
            x: inputs, already 0 past the lengths.
            lengths: true lengths [B] int64 on the CPU, >= 1; the longest is T.
            state: what to start from, `state_parts` tensors [B, H]; None: zeros.

        Returns:
            The output of every step (past the lengths: anything finite; a `RecurrentStack` puts 0 there), and the
            state after every row's last true step.
        """

    @abc.abstractmethod
    def flops_per_step(self) -> int:
        """Floating point operations of one step of one sequence.

        Two for every multiply-add of a matrix product, and one for every elementwise sum, product and nonlinearity.
        """


class StepCell(Cell):
    """A cell given by the equations of one step; the loop over time and its exactness are ours.

    A subclass sets `state_parts`, makes its parameters in `__init__` and implements `step`.
    """

    @abc.abstractmethod
    def step(self, x_t: Float[Tensor, "B F"], state: CellState) -> tuple[Float[Tensor, "B H"], CellState]:
        """One time step.

        Args:
            x_t: input of the step.
            state: `state_parts` tensors [B, H]; zeros at the first step.

        Returns:
            The step's output and the new state.
        """

    def forward(
        self, x: Float[Tensor, "B T F"], lengths: Int64[Tensor, " B"], state: CellState | None = None
    ) -> tuple[Float[Tensor, "B T H"], CellState]:
        """Run `step` over time; a row that has ended keeps its state. See `Cell.forward`."""
        if state is None:
            state = (x.new_zeros(len(x), self.hidden_size),) * self.state_parts
        shortest = int(lengths.min())
        ends = lengths.to(x.device)[:, None]
        outputs: list[Tensor] = []
        for t, x_t in enumerate(x.unbind(1)):
            output, new = self.step(x_t, state)
            if t >= shortest:
                new = tuple(torch.where(t < ends, part, kept) for part, kept in zip(new, state, strict=True))
            state = new
            outputs.append(output)
        return torch.stack(outputs, 1), state

    def flops_per_step(self) -> int:
        """Two operations for every number of every weight matrix, as if a step used each once; no elementwise ones."""
        return sum(2 * parameter.numel() for parameter in self.parameters() if parameter.dim() > 1)


class FusedCell(Cell):
    """A cell of PyTorch's own: same equations, same parameters and gate order as `torch.nn`'s.

    The parameters are one layer's of `nn.RNN`, `nn.GRU` or `nn.LSTM`: weight_ih [G*H, F], weight_hh [G*H, H],
    bias_ih [G*H], bias_hh [G*H], for G gates.
    """

    gates: ClassVar[int]
    elementwise: ClassVar[int]
    """Elementwise operations a unit and step."""
    forget_gate: ClassVar[int | None] = None
    """Which of the gates forgets."""
    held: ClassVar[tuple[float, ...] | None] = None
    """What each gate is given in padding so that the state stays as it is; None: see `kernel`."""
    column: Tensor | None
    time_grows_with_rows: ClassVar[bool] = False
    """On a CPU: whether its kernel's time grows with the rows of a batch (see `planner.py`)."""

    def __init__(self, input_size: int, hidden_size: int, options: CellOptions) -> None:
        super().__init__(input_size, hidden_size, options)
        rows = self.gates * hidden_size
        self.weight_ih = nn.Parameter(torch.empty(rows, input_size))
        self.weight_hh = nn.Parameter(torch.empty(rows, hidden_size))
        self.bias_ih = nn.Parameter(torch.empty(rows))
        self.bias_hh = nn.Parameter(torch.empty(rows))
        column = None
        if self.held is not None:
            column = torch.tensor(self.held).repeat_interleave(hidden_size)[:, None]
        self.register_buffer("column", column, persistent=False)
        self.reset_parameters()

    @abc.abstractmethod
    def kernel(self) -> Kernel:
        """Which fused kernel runs this cell, and how padding is marked for it."""

    def weights(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The parameters in the order of PyTorch's kernels."""
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh

    def reset_parameters(self) -> None:
        """Draw new initial values from PyTorch's generator: uniform within 1/sqrt(H), then the options."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)
        if self.options.orthogonal:
            for block in self.weight_hh.data.chunk(self.gates):
                nn.init.orthogonal_(block)
        if self.options.forget_bias is not None and self.forget_gate is not None:
            forget = slice(self.forget_gate * self.hidden_size, (self.forget_gate + 1) * self.hidden_size)
            nn.init.constant_(self.bias_ih.data[forget], self.options.forget_bias)
            nn.init.zeros_(self.bias_hh.data[forget])

    def forward(
        self, x: Float[Tensor, "B T F"], lengths: Int64[Tensor, " B"], state: CellState | None = None
    ) -> tuple[Float[Tensor, "B T H"], CellState]:
        """Run the fused kernel; outputs past the lengths are exactly 0. See `Cell.forward`."""
        steps, states = run_fused([self.kernel()], x, lengths, state)
        return steps, states[0]

    def flops_per_step(self) -> int:
        """Exact by the convention of `Cell.flops_per_step`."""
        matrix = 2 * self.gates * self.hidden_size * (self.input_size + self.hidden_size)
        return matrix + self.elementwise * self.hidden_size


class RNN(FusedCell):
    """The vanilla recurrent network (Elman 1990): h_t = f(W x_t + b + U h_{t-1} + b'), f tanh or relu."""

    state_parts = 1
    gates = 1
    elementwise = 3 + 1

    def kernel(self) -> Kernel:
        """Relu is shut in padding; tanh cannot be."""
        if self.options.nonlinearity == "tanh":
            return Kernel(name="rnn_tanh", parts=1, weights=self.weights(), column=None)
        # states of a relu network may be large; half precision (under autocast) holds no more than 65504
        off = -OFF if torch.is_autocast_enabled(self.weight_ih.device.type) else -HUGE
        column = self.bias_ih.new_full((self.hidden_size, 1), off)
        return Kernel(name="rnn_relu", parts=1, weights=self.weights(), column=column)


class GRU(FusedCell):
    """The gated recurrent unit (Cho et al. 2014), in the form of `nn.GRU`.

    r, z = sigmoid(W x_t + b + U h_{t-1} + b'); n = tanh(W_n x_t + b_n + r * (U_n h_{t-1} + b'_n));
    h_t = (1 - z) * n + z * h_{t-1}.
    """

    state_parts = 1
    gates = 3
    elementwise = 3 * (3 + 1) + 4
    held = (0.0, OFF, 0.0)

    def kernel(self) -> Kernel:
        """In padding z is 1: the state stays."""
        return Kernel(name="gru", parts=1, weights=self.weights(), column=self.column)


class LSTM(FusedCell):
    """Long short-term memory (Hochreiter and Schmidhuber 1997) with a forget gate (Gers et al. 2000).

    i, f, o = sigmoid(W x_t + b + U h_{t-1} + b'); g = tanh(likewise); c_t = f * c_{t-1} + i * g;
    h_t = o * tanh(c_t).
    """

    state_parts = 2
    gates = 4
    elementwise = 4 * (3 + 1) + 5
    forget_gate = 1
    time_grows_with_rows = True
    held = (-OFF, OFF, 0.0, -OFF)

    def kernel(self) -> Kernel:
        """In padding i is 0 and f is 1, so c stays as it is; o is 0, so the output is 0."""
        return Kernel(name="lstm", parts=2, weights=self.weights(), column=self.column)
