"""Texts -> steps: characters, words, or pieces of words learnt from the training texts (byte pair encoding)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seqlab.config.data import DataConfig, Pieces
from seqlab.sequences import Categories, Ragged, Sequences, offsets_of

FEATURE = "text"

# A word, or a mark that is neither part of one nor a space.
_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutter:
    """How texts are cut into steps.

    Args:
        pieces: characters; words: words and marks, without the spaces between them; bpe: frequent pieces of words
            (Sennrich et al. 2016), of bytes, so that there is one for every character.
        lowercase: whether capitals are made small first.
        encoding: the byte pair encoding, as the JSON text of the package tokenizers.
    """

    pieces: Pieces
    lowercase: bool = False
    encoding: str | None = None

    @classmethod
    def fit(cls, texts: Sequence[str], config: DataConfig) -> "Cutter":
        """Learn from training texts what has to be learnt; the same texts, in any order, give the same.

        Args:
            texts: of the training part alone.
            config: its `tokens`, `lowercase` and `vocabulary` are followed.
        """
        cutter = cls(pieces=config.tokens, lowercase=config.lowercase)
        if config.tokens != "bpe":
            return cutter
        return replace(cutter, encoding=_learnt(map(cutter._read, texts), config.vocabulary))

    def cut(self, raw: Sequences) -> Sequences:
        """Texts as sequences of one categorical feature; one without any piece becomes the single piece ''."""
        assert raw.texts is not None
        texts = map(self._read, raw.texts)
        if self.pieces == "bpe":
            codes, names = self._encoded(list(texts))
        else:
            codes, names = _collected(
                list(text) if self.pieces == "characters" else _WORD.findall(text) for text in texts
            )
        offsets = offsets_of([len(array) for array in codes])
        flat = np.concatenate(codes) if codes else np.zeros(0, dtype=np.int32)
        pieces: Ragged[np.int32] = Ragged(flat[:, None], offsets)
        return replace(
            raw,
            values=pieces.with_flat(np.zeros((len(flat), 0), dtype=np.float32)),
            feature_names=[],
            categories=Categories(names=[FEATURE], codes=pieces, categories=[names]),
            texts=None,
        )

    def _read(self, text: str) -> str:
        whole = text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair is no character
        return whole.lower() if self.lowercase else whole

    def _encoded(self, texts: list[str]) -> tuple[list[Any], list[str]]:
        from tokenizers import Tokenizer

        assert self.encoding is not None
        tokenizer = Tokenizer.from_str(self.encoding)
        names = [tokenizer.id_to_token(k) or "" for k in range(tokenizer.get_vocab_size())]
        nothing = len(names)
        encoded = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return [np.array(one.ids or [nothing], dtype=np.int32) for one in encoded], [*names, ""]


def _collected(texts: Iterable[list[str]]) -> tuple[list[Any], list[str]]:
    """Codes [T_i] of the pieces of every text, and the distinct pieces in the order of their first place."""
    numbers: dict[str, int] = {}
    codes = [
        np.array([numbers.setdefault(piece, len(numbers)) for piece in pieces or [""]], dtype=np.int32)
        for pieces in texts
    ]
    return codes, list(numbers)


def _learnt(texts: Iterable[str], size: int) -> str:
    """A byte pair encoding of at most `size` pieces as JSON; pairs that come once are not joined."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=2, initial_alphabet=sorted(alphabet), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer.to_str()
