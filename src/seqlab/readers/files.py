"""One call for a file of any kind that seqlab reads."""

from pathlib import Path

from seqlab.errors import UserError
from seqlab.readers.npz import read_npz
from seqlab.readers.ts import read_ts
from seqlab.sequences import Sequences

_READERS = {".ts": read_ts, ".npz": read_npz}


def is_table(path: Path) -> bool:
    """Whether a file's suffix is that of a table, whose columns need to be told apart."""
    return path.suffix.lower() in (".csv", ".tsv", ".txt", ".parquet", ".arrow", ".feather")


def read_sequences(path: Path | str) -> Sequences:
    """Read sequences from a file; its suffix says how.

    Args:
        path: a `.ts` file (UCR/UEA archive) or an `.npz` file (array X, and lengths and y if there are any).

    Raises:
        UserError: if there is no such file, its suffix is another one, or its content is not as expected.
    """
    path = Path(path)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UserError(
            f"{path}: files ending in {path.suffix or 'nothing'!r} are not read\n"
            "expected: a .ts file (UCR/UEA archive), or an .npz file with an array X [N, T, F] or [N, T]"
        )
    return reader(path)
