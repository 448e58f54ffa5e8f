"""How far back a network hears: the norm of the loss's gradient at every time step of the input.

Taken at the inputs, not at the hidden states: for a fused kernel the outputs of intermediate steps carry only
what the layers above send, not what flows back through time.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

from seqlab.batch import SequenceBatch
from seqlab.model import SequenceModel


def gradient_profile(model: SequenceModel, batch: SequenceBatch) -> npt.NDArray[np.float64]:
    """Mean norm of d (w_i * loss_i) / d input_i by distance from the end of the sequence.

    w_i is what the task's loss weighs sequence i with: its weight in the batch times, with `task.class_weights`,
    the weight of its class. The sum is not divided by the weights.

    Args:
        model: the network, put into evaluation mode for the measurement.
        batch: sequences with targets.

    Returns:
        Array [T]: entry k is the mean over the sequences longer than k of the gradient's norm k steps before the
        last one.
    """
    assert batch.values is not None
    was_training = model.training
    model.eval()
    with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):  # cuDNN has no backward in eval mode
        values = batch.values.detach().clone().requires_grad_(True)
        total, _ = model.task.loss(model(replace(batch, values=values)), batch)
        (gradient,) = torch.autograd.grad(total, values)
    model.train(was_training)
    norms = gradient.norm(dim=-1).cpu().double().numpy()
    lengths = batch.lengths.numpy()
    sums, counts = np.zeros(norms.shape[1]), np.zeros(norms.shape[1])
    for row, length in zip(norms, lengths, strict=True):
        sums[:length] += row[:length][::-1]
        counts[:length] += 1
    longest = int(lengths.max())
    return sums[:longest] / counts[:longest]
