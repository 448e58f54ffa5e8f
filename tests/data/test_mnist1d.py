"""MNIST-1D, against what its makers' package makes by itself."""

import importlib.util
import random

import numpy as np
import pytest

from seqlab.config.data import Mnist1dConfig
from seqlab.data.mnist1d import Mnist1d
from seqlab.errors import UserError
from seqlab.testing import check_source


def test_it_is_what_the_package_makes():
    from mnist1d.data import get_dataset_args, make_dataset

    args = get_dataset_args()
    args.num_samples = 100
    expected = make_dataset(args)
    source = Mnist1d(Mnist1dConfig(sequences=100))
    for part, suffix in ((source.read_train(), ""), (source.read_test(), "_test")):
        np.testing.assert_array_equal(
            np.stack(part.values)[:, :, 0], expected[f"x{suffix}"].astype(np.float32)
        )
        assert part.labels == [str(k) for k in expected[f"y{suffix}"]]
        assert part.lengths().tolist() == [40] * len(part)


def test_generators_are_left_as_they_were():
    random.seed(1), np.random.seed(1)
    expected = random.random(), np.random.rand()
    random.seed(1), np.random.seed(1)
    Mnist1d(Mnist1dConfig(sequences=50)).read_train()
    assert (random.random(), np.random.rand()) == expected


def test_it_keeps_every_promise_of_a_source():
    findings = check_source(Mnist1d(Mnist1dConfig(sequences=100)))
    assert not [finding for finding in findings if not finding.passed]


def test_without_the_package_the_way_to_it_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'seqlab\[mnist1d\]'"):
        Mnist1d(Mnist1dConfig())
