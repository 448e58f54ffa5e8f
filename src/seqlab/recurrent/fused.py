"""PyTorch's fused recurrent kernels on right-padded rows, exactly, without packing.

The kernels read every row to the end of the padding. So that this changes nothing, the input gets one more channel
that marks padding, with constant weights that hold the cell still there: an LSTM's input and output gates shut and
its forget gate open, a GRU's update gate open, a relu shut. It follows that

- the cell state c of an LSTM comes out of the kernel as it was at the true last step;
- the kernel's own backward direction, which meets the padding first, reaches the true last step with the zero state
  it started from: no row has to be reversed;
- no state and no gradient grows in padding.

A tanh network has nothing to shut: it runs on into the padding, bounded, and its backward direction needs rows that
are reversed within their lengths (held at zero instead, its gradients would grow there).

docs/decisions/0001-exact-variable-length.md has the measurements.
"""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """One direction of one layer for a fused kernel.

    Args:
        name: "rnn_tanh", "rnn_relu", "gru" or "lstm".
        parts: tensors in its state.
        weights: weight_ih [G*H, F], weight_hh [G*H, H], bias_ih [G*H], bias_hh [G*H].
        column: weights [G*H, 1] of a channel that is 1 in padding, which hold the cell still there; None: it cannot
            be held.
    """

    name: str
    parts: int
    weights: tuple[Tensor, Tensor, Tensor, Tensor]
    column: Tensor | None

    def marked_weights(self) -> list[Tensor]:
        """The weights with the additional channel's among weight_ih."""
        assert self.column is not None
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
    first, both = kernels[0], len(kernels) == 2
    assert not both or (state is None and first.column is not None), (
        "the backward direction meets the padding first"
    )
    padded = int(lengths.min()) < x.shape[1]
    marked = padded and first.column is not None
    # the kernels work time-major; outputs are handed on as batch-first views of time-major memory
    inputs = x.transpose(0, 1)
    if marked:
        padding = ~real_steps(lengths, x.shape[1], x.device).T
        inputs = torch.cat([inputs, padding[:, :, None].to(x.dtype)], 2)
    start = [x.new_zeros(len(kernels), len(x), first.weights[1].shape[1]) for _ in range(first.parts)]
    if state is not None:
        start = [part[None] for part in state]
    weights = [
        weight for kernel in kernels for weight in (kernel.marked_weights() if marked else kernel.weights)
    ]
    outputs, *ends = _call(first.name, inputs, start, weights, both)
    steps = outputs.transpose(0, 1)
    states: list[tuple[Tensor, ...]] = [tuple(end[d] for end in ends) for d in range(len(kernels))]
    if padded:
        if first.name in ("gru", "rnn_tanh"):  # the others put out exact zeros when shut
            steps = zero_padding(steps, lengths)
        # c came through the padding as it was; h did not
        hidden = steps.shape[2] // len(kernels)
        states[0] = (last_step(steps[:, :, :hidden], lengths), *states[0][1:])
    return steps, states


def _call(name: str, inputs: Tensor, start: list[Tensor], weights: list[Tensor], both: bool) -> list[Tensor]:
    """One layer of the named kernel -> [outputs [T, B, D*H], h [D, B, H]] and c for an LSTM."""
    biases, layers, dropout, batch_first = True, 1, 0.0, False
    # without gradients the kernel need not keep its intermediate values
    keep = torch.is_grad_enabled()
    if name == "lstm":
        return list(torch.lstm(inputs, start, weights, biases, layers, dropout, keep, both, batch_first))
    function = {"gru": torch.gru, "rnn_tanh": torch.rnn_tanh, "rnn_relu": torch.rnn_relu}[name]
    return list(function(inputs, start[0], weights, biases, layers, dropout, keep, both, batch_first))
