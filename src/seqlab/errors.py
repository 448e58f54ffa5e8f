"""The user's errors: what went wrong, what is allowed, what was probably meant, in at most three lines.

Everything that a person can put right is raised as `UserError` and ends a command with exit code 2 and no
traceback. Whatever else escapes is ours: a bug, shown with its traceback and exit code 1.
"""

import difflib
from collections.abc import Iterable
from typing import ClassVar

EXIT_FAILED = 1
EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143


class UserError(Exception):
    """Something the user can put right; the message says what was found and what was expected."""


class SeveralProblems(UserError):
    """Many findings about one file, each a line of its own; shown whole, where other errors take three lines."""


class ConfigError(UserError):
    """A key, choice, type or range of the configuration that is not allowed.

    Args:
        key: the dotted key, such as `model.num_layers`.
        given: what was given, as the user wrote it.
        allowed: what would be accepted, in words.
        suggestion: the nearest right word, if there is one.
        file: the file that holds the key, where it is not the command line.
    """

    headline: ClassVar[str] = "{key}: {given} is not allowed"
    in_file: ClassVar[str] = "{key}: {given} is not allowed (in {file})"

    def __init__(
        self, key: str, given: object, allowed: str, suggestion: str | None = None, file: str | None = None
    ) -> None:
        self.key = key
        self.given = given
        self.allowed = allowed
        self.suggestion = suggestion
        self.file = file
        headline = self.headline if file is None else self.in_file
        lines = [headline.format(key=key, given=repr(given), file=file), f"allowed: {allowed}"]
        if suggestion is not None:
            lines.append(f"did you mean: {suggestion}")
        super().__init__("\n".join(lines))

    def under(self, prefix: str) -> "ConfigError":
        """The same error seen from the parent node `prefix`."""
        return type(self)(f"{prefix}.{self.key}", self.given, self.allowed, self.suggestion, self.file)

    def inside(self, file: str) -> "ConfigError":
        """The same error, said to stand in `file`."""
        return type(self)(self.key, self.given, self.allowed, self.suggestion, file)


class UnknownKeyError(ConfigError):
    """A key that does not exist; arguments as for `ConfigError`."""

    headline = "{key}: there is no such key (given {given})"
    in_file = "{key}: there is no such key (given {given}, in {file})"


class RunFailed(Exception):
    """A run that could not be completed for a reason of its own."""


class Diverged(RunFailed):
    """A run whose loss or outputs are no finite numbers any more: its settings' own fault."""


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The word of `words` most like `word`, or None if none is near.

    Case does not count. For dotted keys the last part is compared as well, so that `model.cel` and `hiden_size` both
    find home.
    """
    candidates = sorted(set(words))
    folded = {candidate.casefold(): candidate for candidate in reversed(candidates)}
    close = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    if close:
        return folded[close[0]]
    leaf = word.casefold().rsplit(".", 1)[-1]
    leaves = {candidate.rsplit(".", 1)[-1]: original for candidate, original in folded.items()}
    close = difflib.get_close_matches(leaf, list(leaves), n=1, cutoff=0.7)
    return leaves[close[0]] if close else None
