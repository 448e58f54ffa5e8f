"""Short words are unambiguous, and what is cut is seen to be cut."""

import pytest

from seqlab.sweep.wording import broken, listed, parameters_in_words, scalar_in_words, short_keys, shortened


def test_keys_are_as_short_as_they_can_be_told_apart():
    keys = ["optimizer.lr", "model.dropout", "task.head.dropout", "seed", "data.seed"]
    assert short_keys(keys) == {
        "optimizer.lr": "lr",
        "model.dropout": "model.dropout",
        "task.head.dropout": "head.dropout",
        "seed": "seed",
        "data.seed": "data.seed",
    }


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "null"), (True, "true"), (3, "3"), (0.00312345, "0.003123"), (1e-12, "1e-12"), ("lstm", "lstm")],
)
def test_values_are_written_as_in_yaml(value, words: str):
    assert scalar_in_words(value) == words


def test_settings_that_do_not_fit_are_counted():
    point = {"model.num_layers": 2, "optimizer.lr": 0.01, "model.cell": "lstm"}
    assert parameters_in_words(point) == "model.num_layers=2 optimizer.lr=0.01 model.cell=lstm"
    assert parameters_in_words(point, short_keys(point), 16) == "num_layers=2 +2"
    assert parameters_in_words(point, short_keys(point), 24) == "num_layers=2 lr=0.01 +1"
    assert parameters_in_words(point, short_keys(point), 8) == "num_lay…"
    assert parameters_in_words({}, {}, 8) == ""


def test_text_is_one_line_and_no_longer_than_told():
    assert shortened("two\n  lines", 20) == "two lines"
    assert shortened("abcdefgh", 5) == "abcd…"


def test_columns_within_a_broken_line_stay():
    assert broken("lr    0.1 to 1   when a word", 18) == ["lr    0.1 to 1", "when a word"]
    assert broken("", 10) == [""]


def test_a_long_list_is_counted():
    assert listed(["a", "b", "c"], 2) == "a, b and 1 more"
    assert listed(["a", "b"], 2) == "a, b"
