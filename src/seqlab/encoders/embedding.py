"""Categories and tokens as vectors that are learnt, in front of whatever encoder."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from seqlab.batch import SequenceBatch, TaskSpec
from seqlab.recurrent.lengths import real_steps
from seqlab.results import LayerRow

_PADDING, _UNKNOWN = 0, 1
_WIDEST = 64


class TokenEmbedding(nn.Module):
    """One vector for every category of every column, put beside the numeric features of a step.

    Vectors are drawn from a standard normal distribution, as large as scaled features. That of padding is 0 and stays
    so; that of the unknown begins at 0, so that it says nothing where training has none.

    Args:
        names: of the K columns.
        cardinalities: numbers in each column, padding and the unknown among them.
        width: of the vectors; None: `default_width` of each column.
    """

    def __init__(self, names: Sequence[str], cardinalities: Sequence[int], width: int | None) -> None:
        super().__init__()
        self.names = list(names)
        self.tables = nn.ModuleList(
            nn.Embedding(count, default_width(count) if width is None else width, padding_idx=_PADDING)
            for count in cardinalities
        )
        with torch.no_grad():
            for weight in self.parameters():
                weight[_UNKNOWN] = 0

    @classmethod
    def of(cls, spec: TaskSpec, width: int | None) -> "TokenEmbedding | None":
        """The one that these data need; None where they have no categories."""
        return cls(spec.categories, spec.cardinalities, width) if spec.cardinalities else None

    @property
    def output_size(self) -> int:
        """Width of all vectors of a step together."""
        return sum(weight.shape[1] for weight in self.parameters())

    def forward(self, tokens: Int64[Tensor, "B T K"], lengths: Int64[Tensor, " B"]) -> Float[Tensor, "B T E"]:
        """The vectors of every step, side by side; exactly 0 past the lengths, whatever stands there.

        Args:
            tokens: numbers of the categories; past the lengths they may be anything.
            lengths: true lengths.
        """
        real = real_steps(lengths, tokens.shape[1], tokens.device)[:, :, None]
        tokens = torch.where(real, tokens, _PADDING)
        return torch.cat([table(tokens[:, :, k]) for k, table in enumerate(self.tables)], 2)

    def embedded(self, batch: SequenceBatch) -> SequenceBatch:
        """The batch with the vectors beside its numeric features, and no tokens."""
        assert batch.tokens is not None, "the data promised categories"
        vectors = self(batch.tokens, batch.lengths)
        values = vectors if batch.values is None else torch.cat([batch.values, vectors], 2)
        return replace(batch, values=values, tokens=None)

    def layers(self) -> list[LayerRow]:
        """One row a column; to look a vector up is no operation."""
        return [
            LayerRow(
                name=f"embedding of {name} ({weight.shape[0]:,})",
                output=f"T x {weight.shape[1]}",
                parameters=weight.numel(),
                flops=0,
            )
            for name, weight in zip(self.names, self.parameters(), strict=True)
        ]


def default_width(cardinality: int) -> int:
    """min(64, round(1.6 n^0.56)): fastai's rule for categorical features (`emb_sz_rule`), with a ceiling of 64.

    Args:
        cardinality: n, how many numbers there are.
    """
    return min(_WIDEST, round(1.6 * cardinality**0.56))
