"""How far back a network hears: the norm of the loss's gradient at every time step of the input.

Taken at the inputs of the encoder (numeric features and vectors of categories), not at the hidden states: for a fused
kernel the outputs of intermediate steps carry only what the layers above send, not what flows back through time.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

from seqlab.batch import SequenceBatch
from seqlab.model import SequenceModel


def gradient_profile(model: SequenceModel, batch: SequenceBatch) -> npt.NDArray[np.float64]:
    """Median norm of d (w_i * loss_i) / d input_i by distance from the end of the sequence.

    The median and not the mean: a few sequences whose loss is a thousand times that of the others would decide the
    mean as far as they reach, and leave a cliff at their lengths.

    w_i is what the task's loss weighs sequence i with: its weight in the batch times, with `task.class_weights`,
    the weight of its class. The sum is not divided by the weights.

    Args:
        model: the network, put into evaluation mode for the measurement.
        batch: sequences with targets.

    Returns:
        Array [T]: entry k is the median over the sequences longer than k of the gradient's norm k steps before
        the last one.
    """
    was_training = model.training
    model.eval()
    with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):  # cuDNN has no backward in eval mode
        seen = model.embedded(batch)
        assert seen.values is not None
        values = seen.values.detach().clone().requires_grad_(True)
        total, _ = model.task.loss(model.from_embedded(replace(seen, values=values)), batch)
        (gradient,) = torch.autograd.grad(total, values)
    model.train(was_training)
    # in double precision before squares are taken: a float32 below 1e-22 has a square of 0
    norms: npt.NDArray[np.float64] = gradient.cpu().double().norm(dim=-1).numpy()
    lengths = batch.lengths.numpy()
    from_end = [row[:length][::-1] for row, length in zip(norms, lengths, strict=True)]
    longest = int(lengths.max())
    medians = [np.median([row[k] for row in from_end if len(row) > k]) for k in range(longest)]
    return np.array(medians, dtype=np.float64)
