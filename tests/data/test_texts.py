"""Texts from Python to probabilities, cut in every way; what is learnt comes from the training texts alone."""

import json
import random
import re

import numpy as np
import pytest
import torch

import seqlab
from seqlab.config.data import MemoryConfig
from seqlab.data.memory import Memory
from seqlab.data.module import SequenceData
from seqlab.data.preparation import Preparation
from seqlab.errors import ConfigError, UserError
from seqlab.readers import from_arrays
from seqlab.sequences import Sequences
from seqlab.testing import check_source

TEXTS = [
    "The cat sat on the mat.",
    "Der Hund schläft nicht – nie!",
    "猫は寝る。 \U0001f600",
    "a",
    "the the the cat",
]


def texts_of(texts, labels=None):
    return Sequences.of_texts(texts, labels, [str(i) for i in range(len(texts))])


def fit(texts, items=None, **settings):
    raw = texts_of(texts)
    return Preparation.fit(
        raw, np.arange(len(texts)) if items is None else np.array(items), MemoryConfig(**settings)
    )


def said_by(fitted, texts):
    """The pieces of every text as the network is told them; None for the unknown."""
    known = [None, None, *fitted.vocabularies[0].words]
    return [[known[k] for k in row[:, 0]] for row in fitted.apply(texts_of(texts)).tokens]


def test_words_and_marks_are_pieces_and_spaces_are_not():
    assert said_by(fit(TEXTS), TEXTS) == [re.findall(r"\w+|[^\w\s]", text) for text in TEXTS]
    assert said_by(fit(TEXTS), TEXTS)[0] == ["The", "cat", "sat", "on", "the", "mat", "."]
    assert said_by(fit(TEXTS, lowercase=True), ["THE Cat"]) == [["the", "cat"]]


def test_characters_are_code_points():
    assert said_by(fit(TEXTS, tokens="characters"), TEXTS) == [list(text) for text in TEXTS]


def test_byte_pairs_hold_every_text_and_join_what_is_frequent():
    fitted = fit(TEXTS * 5, tokens="bpe", vocabulary=300)
    pieces = said_by(fitted, TEXTS)
    assert len(pieces[0]) < len(TEXTS[0]) and len(pieces[4]) < len(TEXTS[4].split()) * 3
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(fitted.cutter.encoding)
    for text, own in zip(TEXTS, pieces, strict=True):
        assert own == tokenizer.encode(text).tokens
    assert tokenizer.get_vocab_size() <= 300
    assert json.loads(fitted.cutter.encoding)["model"]["type"] == "BPE"


def test_the_same_texts_in_any_order_give_the_same_byte_pairs():
    texts = [" ".join(random.Random(i).choices(["alpha", "beta", "gamma", "abba"], k=20)) for i in range(200)]
    encodings = {fit(order, tokens="bpe", vocabulary=400).cutter.encoding for order in (texts, texts[::-1])}
    encodings |= {fit(texts, tokens="bpe", vocabulary=400).cutter.encoding for _ in range(3)}
    assert len(encodings) == 1


@pytest.mark.parametrize("how", ["words", "characters", "bpe"])
def test_only_training_texts_are_learnt_from_and_it_survives_json(how):
    fitted = fit(TEXTS, [0, 4], tokens=how, lowercase=True, crop=5)
    assert fitted == fit([TEXTS[0], "zzz zzz zzz", TEXTS[4]], [0, 2], tokens=how, lowercase=True, crop=5)
    again = Preparation.from_dict(json.loads(json.dumps(fitted.to_dict())))
    assert again == fitted
    assert said_by(again, TEXTS) == said_by(fitted, TEXTS)
    assert fitted.lengths(texts_of(TEXTS)).tolist() == [len(row) for row in said_by(fitted, TEXTS)]
    assert max(len(row) for row in said_by(fitted, TEXTS)) == 5


def test_rare_words_are_unknown_and_counted():
    fitted = fit(TEXTS, vocabulary=2)
    assert list(fitted.vocabularies[0].words) == ["the", "cat"]
    assert said_by(fitted, ["the dog sat"]) == [["the", None, None]]
    assert fitted.changes(texts_of(["the dog sat"])) == [
        "text: 2 of 3 steps hold one of 2 that the vocabulary lacks ('dog', 'sat'): unknown to the network"
    ]
    with pytest.raises(UserError, match=r"^sequence '0', feature 'text': 'dog'"):
        fit(TEXTS, unseen="refuse").apply(texts_of(["the dog"]))


@pytest.mark.parametrize("how", ["words", "characters", "bpe"])
@pytest.mark.parametrize("text", ["", "   ", "\ud800", "\0", "x" * 10_000])
def test_odd_texts_have_steps(how, text):
    prepared = fit(TEXTS, tokens=how).apply(texts_of([text, "the"]))
    assert prepared.tokens.lengths().min() >= 1 and prepared.tokens.flat.min() >= 1
    assert prepared.values.flat.shape == (len(prepared.tokens.flat), 0)


def test_texts_and_numbers_are_not_taken_for_each_other():
    numbers = from_arrays([np.zeros((3, 1))])
    with pytest.raises(UserError, match=r"^sequences of numbers\nexpected: texts"):
        fit(TEXTS).apply(numbers)
    with pytest.raises(UserError, match=r"^texts\nexpected: sequences of numbers"):
        Preparation.fit(numbers, np.array([0]), MemoryConfig()).apply(texts_of(["a"]))
    with pytest.raises(UserError, match=r"X.1.: values of type"):
        from_arrays([np.zeros(3), "a"])


def test_a_byte_pair_encoding_needs_room_for_every_byte():
    with pytest.raises(ConfigError, match="at least 256"):
        MemoryConfig(tokens="bpe", vocabulary=255)


def test_texts_keep_every_promise_of_a_source():
    train = texts_of(TEXTS, ["a", "b", "a", "b", "a"])
    findings = check_source(Memory(MemoryConfig(), train, texts_of(["new", ""], ["a", "b"])))
    assert not [str(finding) for finding in findings if not finding.passed]


def negations(count):
    """Who bit whom: the same words in both classes, so that nothing but order tells them apart."""
    draw = random.Random(0)
    pairs = [draw.choice(["the dog bit the man", "the man bit the dog"]) for _ in range(count)]
    texts = [f"{draw.choice(['today', 'once', 'again'])} {pair} {draw.choice(['.', '!'])}" for pair in pairs]
    return texts, ["man" if pair.endswith("man") else "dog" for pair in pairs]


@pytest.mark.parametrize("how", ["words", "bpe"])
def test_a_network_learns_from_the_order_of_words_and_predicts_new_texts(how, tmp_path):
    X, y = negations(120)
    run = seqlab.run(
        ["model=gru", "model.hidden_size=8", "optimizer.lr=0.02", "trainer.max_epochs=12", f"data.tokens={how}",
         "data.vocabulary=300", "logger=none", "trainer.accelerator=cpu"],
        data=(X, y), run_dir=tmp_path / "run",
    )  # fmt: skip
    assert run.metrics["validation"]["accuracy"] == 1
    assert run.baselines["order_free"]["validation"]["accuracy"] < 0.9
    stored = torch.load(tmp_path / "run" / "checkpoints" / "best.ckpt", weights_only=True)
    assert run.cost["parameters"] == sum(weight.numel() for weight in stored["weights"].values())
    model = seqlab.load(tmp_path / "run")
    found = model.predict(["once the man bit the dog .", "never the dog bit the man ?"])
    assert found.labels == ["dog", "man"]
    with pytest.raises(UserError, match="expected: texts"):
        model.predict([np.zeros(3)])


def test_the_data_of_texts_in_numbers():
    X, y = negations(40)
    config = MemoryConfig(validation_fraction=0.5)
    data = SequenceData(Memory(config, from_arrays(X, y)), config, 0)
    facts = data.facts()
    assert facts["lengths"] == {"min": 7, "median": 7.0, "mean": 7.0, "max": 7}
    assert facts["features"] == 0 and list(facts["categories"]) == ["text"]
    assert data.spec.longest == 7
    np.testing.assert_allclose(data.shares("validation").sum(axis=1), 1, rtol=1e-6)
