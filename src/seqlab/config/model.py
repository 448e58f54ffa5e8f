"""Settings of the encoder: which recurrent architecture."""

from dataclasses import dataclass
from typing import Literal

from seqlab.config.options import Checked, option


@dataclass(slots=True, kw_only=True)
class ModelConfig(Checked):
    """What every encoder shares."""

    kind: str = option("recurrent", "Which encoder.", part="encoder")
    num_layers: int = option(1, "Layers on top of each other.", unit="layers", low=1, high=64)
    hidden_size: int = option(64, "Width of a layer, in each direction.", unit="units", low=1, high=65536)
    embedding: int | None = option(
        None,
        "Width of the vectors learnt for the categories of a feature or the tokens of texts; null: 1.6 n^0.56 of n "
        "categories, at most 64.",
        unit="numbers",
        low=1,
        high=4096,
    )
    dropout: float = option(
        0.3, "Share of activations zeroed between layers and before the head.", low=0, below=1
    )


@dataclass(slots=True, kw_only=True)
class RecurrentConfig(ModelConfig):
    """A stack of recurrent layers, read in one direction or two."""

    cell: str = option("lstm", "Recurrent cell.", part="cell")
    bidirectional: bool = option(
        False, "Read every layer's input backwards as well; doubles the output width."
    )
    nonlinearity: Literal["tanh", "relu"] = option("tanh", "Nonlinearity of the vanilla RNN (cell rnn only).")
    layer_norm: bool = option(False, "Layer normalisation of every layer's output (Ba et al. 2016).")
    residual: bool = option(False, "Add a layer's input to its output, from the second layer on.")
    orthogonal: bool = option(
        False, "Start the recurrent matrices orthogonal (Saxe et al. 2014) instead of uniform."
    )
    forget_bias: float | None = option(
        None,
        "Initial bias of the LSTM's forget gate (Jozefowicz et al. 2015 advise 1); null: PyTorch's uniform.",
    )


@dataclass(slots=True, kw_only=True)
class OrderFreeConfig(ModelConfig):
    """Statistics of every feature over time into a multilayer perceptron; blind to order."""

    kind: str = option("order_free", "Which encoder.", part="encoder")
