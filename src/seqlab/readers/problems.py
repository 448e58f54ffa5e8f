"""`Problems`: what is wrong with a file, gathered, so that a person can mend several things at once."""

from seqlab.errors import SeveralProblems, UserError

_SHOWN = 20


class Problems:
    """Findings about one file or table.

    Args:
        name: of the file, as the user wrote it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._found: list[str] = []
        self._expected: list[str] = []

    def add(self, where: str, found: str, expected: str) -> None:
        """One more.

        Args:
            where: place in the file, such as "row 17 (id 'a3'), column 'speed'"; empty where it is the whole file.
            found: what stands there.
            expected: what should, and how to put it right; said once, however often it comes.
        """
        self._found.append(f"{where}: {found}" if where else found)
        if expected not in self._expected:
            self._expected.append(expected)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._found)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._found)

    def refuse(self) -> None:
        """End with all of them, if there are any.

        Raises:
            UserError: naming the first twenty, and what was expected instead.
        """
        if not self._found:
            return
        expected = [f"expected: {words}" for words in self._expected]
        if len(self._found) == 1:
            found = self._found[0]
            raise UserError("\n".join([f"{self.name}{', ' if ': ' in found else ': '}{found}", *expected]))
        shown = [f"  {line}" for line in self._found[:_SHOWN]]
        if (more := len(self._found) - _SHOWN) > 0:
            shown.append(f"  ... and {more:,} more")
        raise SeveralProblems("\n".join([f"{self.name}: {len(self._found):,} problems", *shown, *expected]))
