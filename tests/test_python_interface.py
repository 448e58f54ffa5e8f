"""`seqlab.run` from Python: what is mixed up is answered, not guessed."""

import pytest

import seqlab


@pytest.mark.parametrize(
    ("words", "data", "answer"),
    [
        ("model=gru", None, "settings are a list"),
        (["logger=none"], [[1.0, 2.0]] * 60, "data holds 60 things"),
        (["data=archive", "data.name=GunPoint"], ([[1.0]], ["a"]), "both data=archive and data="),
        ([], ([[1.0, 2.0], [1.0]], ["a"]), "1 label"),
    ],
)
def test_what_is_mixed_up(words, data, answer, tmp_path):
    with pytest.raises(seqlab.UserError, match=answer) as caught:
        seqlab.run(words, data=data, run_dir=tmp_path / "run")
    assert len(str(caught.value).splitlines()) <= 3
    assert not (tmp_path / "run").exists()
