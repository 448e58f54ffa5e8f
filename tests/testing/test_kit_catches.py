"""The kit is worth something: each kind of mistake is found, by the check that names it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from seqlab.batch import Encoded
from seqlab.config import registry
from seqlab.config.data import DataConfig, MemoryConfig
from seqlab.config.model import RecurrentConfig
from seqlab.config.task import ClassificationConfig
from seqlab.data.memory import Memory
from seqlab.data.source import Source
from seqlab.encoders.base import Encoder
from seqlab.encoders.recurrent import RecurrentEncoder
from seqlab.recurrent.cells import GRU, Cell, StepCell
from seqlab.recurrent.lengths import real_steps
from seqlab.sequences import Sequences
from seqlab.tasks.classification import Classification
from seqlab.testing import Finding, check_cell, check_encoder, check_package, check_source, check_task


def failed(findings):
    return {finding.check for finding in findings if not finding.passed}


def assert_caught(findings, words):
    broken = failed(findings)
    assert any(words in check for check in broken), f"{words!r} not among {broken}"


class TorchGRU(Cell):
    """What people write first: a recurrent layer that drops `lengths`."""

    state_parts = 1

    def __init__(self, input_size, hidden_size, options):
        super().__init__(input_size, hidden_size, options)
        self.gru = nn.GRU(input_size, hidden_size, batch_first=True)

    def forward(self, x, lengths, state=None):
        steps, h = self.gru(x, None if state is None else state[0][None])
        return steps, (h[0],)

    def flops_per_step(self):
        return 1


class TwoPartsDeclared(GRU):
    state_parts = 2


class WithDropout(StepCell):
    state_parts = 1

    def __init__(self, input_size, hidden_size, options):
        super().__init__(input_size, hidden_size, options)
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)

    def step(self, x_t, state):
        h = torch.tanh(self.linear(torch.cat([x_t, state[0]], 1)))
        return nn.functional.dropout(h, 0.3, self.training), (h,)


class DetachedState(WithDropout):
    def step(self, x_t, state):
        h = torch.tanh(self.linear(torch.cat([x_t, state[0].detach()], 1)))
        return h, (h,)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (TorchGRU, "A sequence alone"),
        (TwoPartsDeclared, "Declared widths"),
        (WithDropout, "equal bit by bit"),
        (DetachedState, "Gradients agree"),
    ],
)
def test_cells(cell, words):
    assert_caught(check_cell(cell), words)


class Spoiled(Encoder):
    """A sound encoder with one thing spoiled."""

    def __init__(self, fault):
        config = RecurrentConfig(cell="gru", hidden_size=4)
        super().__init__(3, 8 if fault == "width" else 4, 5 if fault == "state" else 4)
        self.inner = RecurrentEncoder(config, 3)
        self.fault = fault

    def forward(self, batch, state=None):
        if self.fault == "forgets state":
            state = None
        encoded = self.inner(batch, state)
        steps, final = encoded.steps, encoded.final
        if self.fault == "mean over padding":
            final = final + steps.mean(1)
        if self.fault == "normalises over the batch":
            final = final - final.mean(0)
        if self.fault == "position in the batch":
            final = final + torch.arange(len(final))[:, None]
        if self.fault == "bias in padding":
            steps = steps + 1
        if self.fault == "masks by product":
            mask = real_steps(batch.lengths, batch.values.shape[1], batch.values.device)[:, :, None]
            final = final + (batch.values * mask).sum(1)[:, :1]
        return Encoded(steps=steps, final=final, lengths=batch.lengths, state=encoded.state)

    def flops(self, length):
        return 10 if self.fault == "flops" else length

    def layers(self, length):
        return []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("width", "Declared output width"),
        ("state", "Declared output width"),
        ("flops", "Declared output width"),
        ("mean over padding", "Padding of 0"),
        ("masks by product", "Padding of 0"),
        ("normalises over the batch", "A sequence alone"),
        ("position in the batch", "another order"),
        ("bias in padding", "exactly 0"),
        ("forgets state", "read in two pieces"),
    ],
)
def test_encoders(fault, words):
    assert_caught(check_encoder(lambda: Spoiled(fault)), words)


def test_the_sound_encoder_passes():
    assert failed(check_encoder(lambda: Spoiled("none"))) == set()


def sequences(**changes):
    plain = Sequences(
        values=[np.ones((3, 2), np.float32), np.zeros((2, 2), np.float32)],
        labels=["a", "b"],
        ids=["0", "1"],
        feature_names=["x", "y"],
    )
    return replace(plain, **changes)


def fill(value):
    return [np.full((2, 2), value, np.float32), np.zeros((1, 2), np.float32)]


@pytest.mark.parametrize(
    ("train", "test", "words"),
    [
        (sequences(values=[], labels=[], ids=[]), None, "not empty"),
        (
            sequences(values=[np.ones((0, 2), np.float32), np.ones((1, 2), np.float32)]),
            None,
            "at least one step",
        ),
        (sequences(values=[np.ones((1, 2)), np.ones((1, 2))]), None, "float32"),
        (sequences(feature_names=["x", "x"]), None, "named features"),
        (sequences(), sequences(feature_names=["x", "z"]), "named features"),
        (sequences(ids=["0", "0"]), None, "unique"),
        (sequences(labels=["a"]), None, "one label"),
        (sequences(), sequences(labels=["a", "c"]), "one label"),
        (sequences(values=fill(np.inf)), None, "infinity"),
        (sequences(), sequences(values=fill(np.nan)), "NaN"),
    ],
)
def test_sources(train, test, words):
    assert_caught(check_source(Memory(MemoryConfig(), train, test)), words)


@pytest.mark.parametrize(("value", "words"), [(np.nan, "hold NaN (4)"), (-np.inf, "hold infinity (4)")])
def test_values_that_are_not_finite_are_refused_in_words(value, words):
    findings = check_source(Memory(MemoryConfig(), sequences(values=fill(value))))
    assert any(words in finding.detail for finding in findings if not finding.passed)


class Fickle(Source):
    """Reads something else each time, and holds something that cannot travel."""

    name = "fickle"

    def __init__(self, config):
        super().__init__(config)
        self.rng = np.random.default_rng(0)
        self.here_only = lambda: None

    def read_train(self):
        return sequences(values=[self.rng.normal(size=(2, 2)).astype(np.float32) for _ in range(2)])

    def read_test(self):
        return self.read_train()


def test_fickle_sources():
    findings = check_source(Fickle(DataConfig()))
    assert_caught(findings, "Read twice")
    assert_caught(findings, "pickled")


class SpoiledTask(Classification):
    fault = ""

    def forward(self, encoded, items=None):
        outputs = super().forward(encoded, None if self.fault == "ignores items" else items)
        if self.fault == "mean over padding":
            outputs = outputs + encoded.steps.mean(1)[:, :3]
        return outputs.detach() if self.fault == "detached" else outputs

    def loss(self, outputs, batch):
        if self.fault == "ignores weights":
            batch = replace(batch, weights=None)
        total, weight = super().loss(outputs, batch)
        return (total / weight, weight) if self.fault == "divides itself" else (total, weight)

    def probabilities(self, outputs):
        return outputs if self.fault == "logits" else super().probabilities(outputs)

    def scores(self, outputs, targets):
        scores = super().scores(outputs, targets)
        if self.fault == "lacks a metric":
            del scores["auroc"]
        if self.fault == "nan":
            scores["ece"] = float("nan")
        return scores


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("mean over padding", "Longer padding"),
        ("ignores weights", "weight 0"),
        ("divides itself", "sum of the losses"),
        ("logits", "sum to 1"),
        ("lacks a metric", "every metric"),
        ("nan", "every metric"),
        ("ignores items", "order of the batch"),
        ("detached", "reaches every parameter"),
    ],
)
def test_tasks(fault, words):
    def make(spec, width, dropout):
        task = SpoiledTask(ClassificationConfig(), spec, width, dropout)
        task.fault = fault
        return task

    assert_caught(check_task(make), words)


def test_findings_read_well():
    good = Finding(part="cell mgu", check="Padding changes nothing", passed=True)
    bad = Finding(part="cell mgu", check="Padding changes nothing", passed=False, detail="one\ntwo")
    assert str(good) == "ok      cell mgu: Padding changes nothing"
    assert str(bad) == "FAILED  cell mgu: Padding changes nothing\n        one\n        two"


def test_a_part_that_cannot_be_made_is_a_finding(monkeypatch):
    row = registry.Part(kind="cell", name="gone", target="no_such_lab:Cell", config=None, owner="no_such_lab")
    monkeypatch.setitem(registry._PARTS, ("cell", "gone"), row)
    (finding,) = check_package("no_such_lab")
    assert not finding.passed
    assert "no_such_lab" in finding.detail
