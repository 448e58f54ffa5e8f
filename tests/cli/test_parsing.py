"""Flags that were meant as settings."""

import pytest

from seqlab.cli.help import train_help
from seqlab.cli.parsing import run_train
from seqlab.errors import UserError


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--model", "gru"], "did you mean: model=gru"),
        (["--model=gru"], "did you mean: model=gru"),
        (["--seed", "3", "model=gru"], "did you mean: seed=3"),
        (["--optimizer.lr", "0.1"], "did you mean: optimizer.lr=0.1"),
        (["--evaluate_test", "model=gru"], "did you mean: evaluate_test=VALUE"),
        (["--multirnu"], "did you mean: --multirun"),
    ],
)
def test_a_flag_that_is_a_setting(words: list[str], hint: str):
    with pytest.raises(UserError) as caught:
        run_train(words, command="seqlab train")
    assert str(caught.value).endswith(hint)
    assert len(str(caught.value).splitlines()) <= 3


def test_help_offers_nothing_that_a_command_line_cannot_do():
    assert "memory" not in train_help("seqlab train")
