"""Is there a file to read at all?"""

from pathlib import Path

from seqlab.errors import UserError


def require_file(path: Path | str, expected: str) -> Path:
    """`path`, if it is a file that can be opened.

    Args:
        path: what the user named.
        expected: what it should have been, in words.

    Raises:
        UserError: if it does not exist, is a directory, or may not be read.
    """
    path = Path(path)
    try:
        with path.open("rb"):
            return path
    except FileNotFoundError:
        found = "there is no such file"
    except IsADirectoryError:
        found = "this is a directory"
    except (OSError, ValueError) as error:
        found = f"the file cannot be opened ({getattr(error, 'strerror', None) or error})"
    raise UserError(f"{path}: {found}\nexpected: {expected}")
