"""`.npz` files of NumPy: X [N, T, F] or [N, T], where needed lengths [N] and y [N]."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seqlab.errors import UserError
from seqlab.readers.arrays import from_arrays
from seqlab.readers.opening import require_file
from seqlab.sequences import Sequences

_EXPECTED = "an .npz file with X [N, T, F] or [N, T], and lengths [N] and y [N] where there are any"


def read_npz(path: Path | str) -> Sequences:
    """Read sequences from an `.npz` file; nothing in it is ever unpickled.

    Args:
        path: holds X [N, T, F] or [N, T], numbers; `lengths` [N] integers from 1 to T, if the rows are padded
            (what stands past a length is not looked at); `y` [N] labels, if there are any.

    Raises:
        UserError: if it is no such file, or its arrays do not fit each other.
    """
    path = require_file(path, _EXPECTED)
    if not zipfile.is_zipfile(path):
        raise UserError(f"{path}: not an .npz file\nexpected: {_EXPECTED}")
    arrays: dict[str, npt.NDArray[Any]] = {}
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            for key in ("X", "lengths", "y"):
                if key in archive.files:
                    arrays[key] = _member(archive, key, path)
            found = ", ".join(archive.files) or "nothing"
    except UserError:
        raise
    except Exception as error:  # whatever zipfile, zlib or numpy say of a broken file
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(f"{path}: {reason}\nexpected: {_EXPECTED}") from None
    if "X" not in arrays:
        raise UserError(f"{path}: no array X; found {found}\nexpected: {_EXPECTED}")
    X = arrays["X"]
    if X.ndim not in (2, 3) or X.dtype.kind not in "biuf":
        raise UserError(
            f"{path}: X of shape {list(X.shape)} and type {X.dtype}\nexpected: numbers, {_EXPECTED}"
        )
    rows: list[npt.NDArray[Any]] = list(X)
    if "lengths" in arrays:
        rows = [row[:length] for row, length in zip(rows, _lengths(arrays["lengths"], X, path), strict=True)]
    try:
        return from_arrays(rows, arrays.get("y"), name="X")
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def _member(archive: Any, key: str, path: Path) -> npt.NDArray[Any]:
    try:
        return archive[key]
    except ValueError as error:
        if "pickle" not in str(error).lower():
            raise
    raise UserError(
        f"{path}: {key} has dtype object, which only pickle can read\n"
        "expected: plain arrays; save sequences of different lengths padded, with their lengths beside them"
    )


def _lengths(lengths: npt.NDArray[Any], X: npt.NDArray[Any], path: Path) -> list[int]:
    count, longest = X.shape[:2]
    if lengths.shape != (count,) or lengths.dtype.kind not in "iu":
        raise UserError(
            f"{path}: lengths of shape {list(lengths.shape)} and type {lengths.dtype}\n"
            f"expected: {count} integers, one for each row of X"
        )
    wrong = np.flatnonzero((lengths < 1) | (lengths > longest))
    if wrong.size:
        row = int(wrong[0])
        raise UserError(
            f"{path}: lengths[{row}] is {lengths[row]}\nexpected: from 1 to {longest}, the steps of X"
        )
    return lengths.tolist()
