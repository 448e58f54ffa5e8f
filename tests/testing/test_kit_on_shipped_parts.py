"""Every registered part is held to the conformance kit."""

import numpy as np
import pytest

from seqlab.config import registry
from seqlab.config.data import MemoryConfig
from seqlab.config.model import RecurrentConfig
from seqlab.data.memory import Memory
from seqlab.encoders.recurrent import RecurrentEncoder
from seqlab.errors import UserError
from seqlab.recurrent.cells import RNN, CellOptions
from seqlab.sequences import Sequences
from seqlab.testing import check_cell, check_encoder, check_package, check_source
from seqlab.testing.packages import check_part

# Those that are nothing without arrays or files of the user's are held to the kit here and in tests/data.
SHIPPED = [
    part for part in registry.parts_of("seqlab") if part.name not in ("memory", "files", "spam", "brown")
]


def assert_kept(findings):
    broken = [str(finding) for finding in findings if not finding.passed]
    assert findings
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("part", SHIPPED, ids=lambda part: f"{part.kind}-{part.name}")
def test_shipped_parts_keep_every_promise(part):
    assert_kept(check_part(part))


def test_arrays_from_python_keep_every_promise():
    rng = np.random.default_rng(0)

    def draw():
        return Sequences(
            values=[rng.normal(size=(t, 2)).astype(np.float32) for t in (3, 1, 4)],
            labels=["a", "b", "a"],
            ids=["0", "1", "2"],
            feature_names=["x", "y"],
        )

    assert_kept(check_source(Memory(MemoryConfig(), draw(), draw())))
    assert_kept(check_source(Memory(MemoryConfig(), draw())))


def test_relu_keeps_every_promise():
    assert_kept(check_cell(lambda f, h, _: RNN(f, h, CellOptions(nonlinearity="relu"))))


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_all_options_together_keep_every_promise(cell):
    config = RecurrentConfig(
        cell=cell, num_layers=3, hidden_size=4, bidirectional=True, dropout=0.4,
        layer_norm=True, residual=True, orthogonal=True, forget_bias=1.0,
    )  # fmt: skip
    assert_kept(check_encoder(lambda: RecurrentEncoder(config, 3)))


def test_a_package_without_parts_is_refused():
    with pytest.raises(UserError, match="json: registers no part"):
        check_package("json")
