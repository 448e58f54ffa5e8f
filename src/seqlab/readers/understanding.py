"""One call for whatever a path names: what it holds, and how it was read."""

import zipfile
from dataclasses import replace
from pathlib import Path

from seqlab.errors import UserError
from seqlab.readers.npz import read_npz
from seqlab.readers.opening import require_file
from seqlab.readers.reading import Format, Reading, Understood
from seqlab.readers.tables import read_table_file, table_format
from seqlab.readers.ts import read_ts

_EXPECTED = "a table (CSV, TSV, Parquet, Arrow), a .ts file of the UCR/UEA archive, or an .npz file"


def understand(path: Path | str, given: Reading, *, labelled: bool = True) -> Understood:
    """Read sequences from a file; its content says how, unless `given.format` does.

    Args:
        path: of the file.
        given: what is known of it.
        labelled: whether there must be labels.

    Raises:
        UserError: if it cannot be read, or its content is not as expected.
    """
    name = Path(path)
    kind = given.format or format_of(require_file(name, _EXPECTED))
    if kind not in ("ts", "npz"):
        return read_table_file(path, replace(given, format=kind), labelled=labelled)
    if said := given.columns_named():
        raise UserError(
            f"{path}: a .{kind} file has no columns for {', '.join(said)}\n"
            "expected: a table, or those settings left out"
        )
    read = read_ts if kind == "ts" else read_npz
    found = Understood(sequences=read(name), reading=replace(given, format=kind))
    if labelled and found.sequences.labels is None:
        raise UserError(f"{path}: no labels\nexpected: one class a sequence")
    return found


def format_of(path: Path) -> Format:
    """What a file's content is."""
    if path.stat().st_size == 0:
        raise UserError(f"{path}: the file is empty\nexpected: {_EXPECTED}")
    with path.open("rb") as stream:
        head = stream.read(65536)
    if zipfile.is_zipfile(path):
        return "npz"
    lines = (line.strip().lower() for line in head.splitlines())
    first = next((line for line in lines if line and not line.startswith((b"#", b"%"))), b"")
    if first.lstrip(b"\xef\xbb\xbf").startswith(b"@"):
        return "ts"
    return table_format(path)
