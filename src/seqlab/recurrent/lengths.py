"""Operations on right-padded rows that know where every row ends."""

import torch
from jaxtyping import Bool, Int64, Shaped
from torch import Tensor


def real_steps(lengths: Int64[Tensor, " B"], longest: int, device: torch.device) -> Bool[Tensor, "B T"]:
    """True at real steps, on `device`."""
    return torch.arange(longest, device=device) < lengths.to(device)[:, None]


def zero_padding(x: Shaped[Tensor, "B T F"], lengths: Int64[Tensor, " B"]) -> Shaped[Tensor, "B T F"]:
    """`x` with exactly 0 past every row's length, whatever stood there; so is its gradient there.

    A product with a mask would keep NaN and, in the gradient, infinities; a choice does not.
    """
    if int(lengths.min()) == x.shape[1]:
        return x
    return torch.where(real_steps(lengths, x.shape[1], x.device)[:, :, None], x, x.new_zeros(()))


def reverse_within(x: Shaped[Tensor, "B T F"], lengths: Int64[Tensor, " B"]) -> Shaped[Tensor, "B T F"]:
    """Every row backwards within its own length; padding stays where it is. Its own inverse."""
    steps = torch.arange(x.shape[1])
    source = torch.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps).to(x.device)
    return x.gather(1, source[:, :, None].expand_as(x))


def last_step(x: Shaped[Tensor, "B T F"], lengths: Int64[Tensor, " B"]) -> Shaped[Tensor, "B F"]:
    """The last true step of every row."""
    return x[torch.arange(len(x), device=x.device), (lengths - 1).to(x.device)]
