"""How the steps of a sequence become one vector.

Every pooling is exact for variable length: steps past a sequence's length are masked before anything is
computed from them, so that whatever stands there (NaN included) changes neither the result nor a gradient.
"""

import math
from abc import ABC, abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor, nn

from seqlab.batch import Encoded
from seqlab.errors import ConfigError, nearest
from seqlab.recurrent.lengths import real_steps


class Pooling(nn.Module, ABC):
    """Steps [B, T, H] in, one vector a sequence [B, H] out."""

    @abstractmethod
    def forward(self, encoded: Encoded) -> Float[Tensor, "B H"]:
        """One vector a sequence."""

    @abstractmethod
    def flops(self, length: int) -> int:
        """Floating-point operations for one sequence of `length` steps."""


def _mask(encoded: Encoded) -> Tensor:
    """True at real steps: bool [B, T, 1]."""
    return real_steps(encoded.lengths, encoded.steps.shape[1], encoded.steps.device)[..., None]


class LastPooling(Pooling):
    """Each direction's last step: the last true step forwards beside the first step backwards."""

    def forward(self, encoded: Encoded) -> Float[Tensor, "B H"]:
        """`encoded.final`."""
        return encoded.final

    def flops(self, length: int) -> int:
        """None."""
        return 0


class MeanPooling(Pooling):
    """The mean over the true steps.

    Args:
        input_size: H.
    """

    def __init__(self, input_size: int) -> None:
        super().__init__()
        self.input_size = input_size

    def forward(self, encoded: Encoded) -> Float[Tensor, "B H"]:
        """The mean over the true steps."""
        steps = torch.where(_mask(encoded), encoded.steps, 0.0)
        return steps.sum(dim=1) / encoded.lengths.to(steps.device)[:, None]

    def flops(self, length: int) -> int:
        """One addition a number, one division a unit."""
        return (length + 1) * self.input_size


class MaxPooling(Pooling):
    """The greatest value of every unit over the true steps.

    Args:
        input_size: H.
    """

    def __init__(self, input_size: int) -> None:
        super().__init__()
        self.input_size = input_size

    def forward(self, encoded: Encoded) -> Float[Tensor, "B H"]:
        """The greatest value of every unit."""
        return torch.where(_mask(encoded), encoded.steps, -torch.inf).amax(dim=1)

    def flops(self, length: int) -> int:
        """One comparison a number."""
        return length * self.input_size


class AttentionPooling(Pooling):
    """A mean over the true steps, weighted by how well each matches one learned query.

    Weights are softmax_t(q . h_t / sqrt(H)): dot-product attention (Luong et al. 2015) with the scale of
    Vaswani et al. (2017) and a query that is learned instead of computed. It begins at 0: mean pooling.

    Args:
        input_size: H.
    """

    def __init__(self, input_size: int) -> None:
        super().__init__()
        self.input_size = input_size
        self.query = nn.Parameter(torch.zeros(input_size))

    def forward(self, encoded: Encoded) -> Float[Tensor, "B H"]:
        """The weighted mean."""
        mask = _mask(encoded)
        steps = torch.where(mask, encoded.steps, 0.0)
        match = (steps @ (self.query.to(steps.dtype) / math.sqrt(self.input_size)))[..., None]
        weights = torch.where(mask, match, -torch.inf).softmax(dim=1)
        return (weights * steps).sum(dim=1)

    def flops(self, length: int) -> int:
        """Two products over the steps, and four operations a step for the softmax."""
        return length * (4 * self.input_size + 4)


def make_pooling(name: str, input_size: int) -> Pooling:
    """The pooling called `name`.

    Args:
        name: "last", "mean", "max" or "attention".
        input_size: H, the width of the steps.

    Raises:
        ConfigError: for any other name.
    """
    match name:
        case "last":
            return LastPooling()
        case "mean":
            return MeanPooling(input_size)
        case "max":
            return MaxPooling(input_size)
        case "attention":
            return AttentionPooling(input_size)
        case _:
            known = ["last", "mean", "max", "attention"]
            raise ConfigError("pooling", name, ", ".join(known), nearest(name, known))
