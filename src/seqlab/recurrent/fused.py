"""PyTorch's fused recurrent kernels on right-padded rows, exactly, without packing.

The kernels read every row to the end of the padding. So that this changes nothing, the input gets one more channel
that marks padding, with constant weights that hold the cell still there: an LSTM's input and output gates shut and
its forget gate open, a GRU's update gate open, a relu shut. A tanh network has no gate: for it the channel marks
real steps and carries the bias, so that a zero state stays zero in padding. It follows that

- the cell state c of an LSTM comes out of the kernel as it was at the true last step;
- the kernel's own backward direction, which meets the padding first, reaches the true last step with the zero state
  it started from: no row has to be reversed;
- no state grows in padding, so no gradient overflows.

docs/decisions/0001-exact-variable-length.md has the measurements.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from seqlab.recurrent.lengths import last_step, real_steps, zero_padding

OFF = 1e4
"""Shuts a sigmoid exactly (opens it, with the other sign) in every precision, float16 included."""
HUGE = 1e18
"""Shuts a relu whose states are large."""


class Mark(enum.Enum):
    """Where the additional channel is 1; elsewhere it is 0."""

    PADDING = "padding"
    REAL = "real"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """One direction of one layer for a fused kernel.

    Args:
        name: "rnn_tanh", "rnn_relu", "gru" or "lstm".
        parts: tensors in its state.
        marks: what the additional channel marks.
        column: the channel's weights [G*H, 1].
        weights: weight_ih [G*H, F], weight_hh [G*H, H] and, where the kernel adds biases, bias_ih and bias_hh [G*H].
    """

    name: str
    parts: int
    marks: Mark
    column: Tensor
    weights: tuple[Tensor, ...]

    def flat_weights(self, padded: bool) -> list[Tensor]:
        """The weights as the kernel takes them, with the additional channel's if there is one."""
        if not padded and self.marks is Mark.PADDING:
            return list(self.weights)
        return [torch.cat([self.weights[0], self.column], 1), *self.weights[1:]]


def run_fused(
    kernels: Sequence[Kernel],
    x: Float[Tensor, "B T F"],
    lengths: Int64[Tensor, " B"],
    state: tuple[Tensor, ...] | None,
) -> tuple[Float[Tensor, "B T DH"], list[tuple[Tensor, ...]]]:
    """Run one layer in one direction, or in both at once.

    Args:
        kernels: the forward direction, and the backward direction if there is one.
        x: inputs, 0 past the lengths.
        lengths: true lengths on the CPU; the longest is T.
        state: what the forward direction starts from; None: zeros. Only for one direction.

    Returns:
        The outputs, exactly 0 past the lengths, and the state of each direction after its last true step.
    """
    assert state is None or len(kernels) == 1, "a backward direction starts from zeros here"
    first = kernels[0]
    padded = int(lengths.min()) < x.shape[1]
    # the kernels work time-major; outputs are handed on as batch-first views of time-major memory
    inputs = x.transpose(0, 1)
    if padded or first.marks is Mark.REAL:
        real = real_steps(lengths, x.shape[1], x.device).T[:, :, None]
        marker = (real if first.marks is Mark.REAL else ~real).to(x.dtype)
        inputs = torch.cat([inputs, marker], 2)
    start = [x.new_zeros(len(kernels), len(x), first.weights[1].shape[1]) for _ in range(first.parts)]
    if state is not None:
        start = [part[None] for part in state]
    weights = [weight for kernel in kernels for weight in kernel.flat_weights(padded)]
    outputs, *ends = _call(first, inputs, start, weights, both=len(kernels) == 2)
    steps = outputs.transpose(0, 1)
    if not padded:
        return steps, [tuple(end[d] for end in ends) for d in range(len(kernels))]
    if first.name in ("gru", "rnn_tanh"):
        steps = zero_padding(steps, lengths)
    hidden = steps.shape[2] // len(kernels)
    states: list[tuple[Tensor, ...]] = [tuple(end[d] for end in ends) for d in range(len(kernels))]
    # c came through the padding as it was; h did not
    states[0] = (last_step(steps[:, :, :hidden], lengths), *states[0][1:])
    return steps, states


def _call(
    kernel: Kernel, inputs: Tensor, start: list[Tensor], weights: list[Tensor], both: bool
) -> list[Tensor]:
    """One layer of the named kernel -> [outputs [T, B, D*H], h [D, B, H]] and c for an LSTM."""
    biases, layers, dropout, time_major = len(kernel.weights) == 4, 1, 0.0, False
    # without gradients the kernel need not keep its intermediate values
    keep = torch.is_grad_enabled()
    if kernel.name == "lstm":
        return list(torch.lstm(inputs, start, weights, biases, layers, dropout, keep, both, time_major))
    function = {"gru": torch.gru, "rnn_tanh": torch.rnn_tanh, "rnn_relu": torch.rnn_relu}[kernel.name]
    return list(function(inputs, start[0], weights, biases, layers, dropout, keep, both, time_major))
