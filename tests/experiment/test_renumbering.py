"""Weights of another run whose words have other numbers there."""

import numpy as np
import pytest
import torch

import seqlab
from seqlab.data.vocabulary import Vocabulary
from seqlab.errors import UserError
from seqlab.experiment.renumbering import renumbered

WORDS = ["red", "green", "blue", "grey"]


def texts(seed, words):
    """Which word comes first decides; how frequent the words are changes with the seed."""
    draw = np.random.default_rng(seed)
    shares = draw.dirichlet(np.ones(len(words)))
    X = [" ".join([words[0], *draw.choice(words, 4, p=shares)][:: draw.choice([1, -1])]) for _ in range(80)]
    return X, ["first" if text.startswith(words[0]) else "last" for text in X]


def test_words_keep_their_vectors_whatever_their_numbers(train):
    first = train("first", arrays=texts(1, WORDS), model={"embedding": 4})
    second = train(
        "second", arrays=texts(2, [*WORDS, "new"]), model={"embedding": 4}, init_from=str(first.run_dir),
        optimizer={"lr": 1e-12}, trainer={"max_epochs": 1},
    )  # fmt: skip
    models = [seqlab.load(run.run_dir) for run in (first, second)]
    orders = [list(model.preparation.vocabularies[0].words) for model in models]
    assert orders[0] != [word for word in orders[1] if word != "new"]
    new = ["red green blue", "grey grey grey red", "blue red unheard"]
    ours, theirs = (model.predict(new).probabilities for model in models)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_other_features_and_widths_do_not_fit(train):
    first = train("first", arrays=texts(1, WORDS))
    with pytest.raises(UserError, match="does not fit"):
        train("second", arrays=texts(2, WORDS), init_from=str(first.run_dir), model={"embedding": 7})
    weights = {"embedding.tables.0.weight": torch.ones(4, 2)}
    found = renumbered(
        weights, weights, [Vocabulary(name="a", words="xy")], [Vocabulary(name="b", words="xy")]
    )
    assert found == {}
