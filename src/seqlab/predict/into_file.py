"""Sequences from a file -> predictions in another, a piece at a time where the file is a large table."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from seqlab import files
from seqlab.checkpoint import load_checkpoint
from seqlab.data.vocabulary import Counted
from seqlab.errors import UserError
from seqlab.predict.trained import TrainedModel
from seqlab.readers.files import is_table
from seqlab.readers.pieces import Piece, in_pieces, is_large
from seqlab.readers.reading import Settled
from seqlab.readers.roles import in_sentences
from seqlab.readers.understanding import understand
from seqlab.results import BEST_CHECKPOINT
from seqlab.sequences import Sequences

# Called with sequences predicted so far, and the share of the file that was read.
Tell = Callable[[int, float], None]
# Cells of a row group in Parquet.
_CELLS = 2**20


@dataclass(slots=True)
class Told:
    """What came of predicting a file.

    Args:
        sequences: how many were predicted.
        changes: sentences on what was changed in them on the way, counted.
    """

    sequences: int = 0
    changes: list[str] = field(default_factory=list[str])


def predict_file(
    run_dir: Path,
    file: Path,
    out: Path | IO[bytes],
    *,
    sequences: Sequences | None = None,
    tell: Tell | None = None,
) -> Told:
    """Predict the sequences of a file; rows in the order of the file.

    The columns are id, true (where the file has labels, as they stand there), predicted, p_<class>. Only tables of more
    than `WHOLE` bytes are read in pieces; of those, memory holds a few sequences at a time.

    Args:
        run_dir: a run directory.
        file: a table, if the run was trained on tables, or any file that `understand` reads.
        out: a .csv or .parquet file, which appears when it is complete; or a stream for CSV, written to as it comes.
        sequences: of `file`, where they are read already.
        tell: is called after every piece.

    Raises:
        UserError: if the run or the file cannot be used.
        OSError: if `out` cannot be written.
    """
    checkpoint = load_checkpoint(run_dir / BEST_CHECKPOINT)
    model = TrainedModel(checkpoint)
    pieces = (
        _pieces(run_dir, model, checkpoint.reading, file)
        if sequences is None
        else iter([Piece(sequences=sequences, changes=[], counted=Counter(), share=1.0)])
    )
    told = Told()
    tables = _predicted(model, file, pieces, told, tell)
    if not isinstance(out, Path):
        _write_csv(tables, out)
    elif out.suffix == ".csv":
        files.write_whole(out, lambda draft: _open_and_write(tables, draft))
    else:
        files.write_whole(out, lambda draft: _write_parquet(tables, draft))
    return told


def _pieces(
    run_dir: Path, model: TrainedModel, reading: dict[str, object] | None, file: Path
) -> Iterator[Piece]:
    """The file as the run's own was read: columns mean what they meant there, by their names."""
    if reading is None:
        raise UserError(
            f"{file}: a table, but {run_dir} was trained on none (data={model.experiment.data.kind}), which "
            "tells nothing of its columns\n"
            "expected: a .ts file (UCR/UEA archive), or an .npz file with an array X [N, T, F] or [N, T]"
        )
    settled = Settled(**reading)  # pyright: ignore[reportArgumentType]
    if is_table(file) and is_large(file):
        return in_pieces(file, settled)
    found = understand(file, settled, labelled=False)
    return iter([Piece(sequences=found.sequences, changes=list(found.changes), counted=Counter(), share=1.0)])


def _predicted(
    model: TrainedModel, file: Path, pieces: Iterator[Piece], told: Told, tell: Tell | None
) -> Iterator[pa.Table]:
    """A table of predictions a piece; `told` is complete after the last."""
    counted, prepared, unknown = Counter[str](), Counter[Counted](), Counter[str]()
    longer, changes = 0, list[str]()
    for piece in pieces:
        sequences = model.preparation.cut(piece.sequences)
        try:
            yield model.predict_sequences(sequences)
        except UserError as error:
            raise UserError(f"{file}: {error}") from None
        told.sequences += len(sequences)
        changes, counted = piece.changes, counted + piece.counted
        prepared += model.preparation.counted(sequences)
        longer += int((model.preparation.lengths(sequences) > model.longest).sum())
        unknown += Counter(label for label in sequences.labels or () if label not in model.classes)
        if tell is not None:
            tell(told.sequences, piece.share)
    told.changes = [*changes, *in_sentences(counted), *model.preparation.in_sentences(prepared)]
    if longer:
        told.changes.append(
            f"{longer:,} sequence{'s are' if longer > 1 else ' is'} longer than any the run was trained on "
            f"({model.longest:,} steps)"
        )
    if unknown:
        shown = ", ".join(map(repr, list(unknown)[:5])) + (", ..." if len(unknown) > 5 else "")
        several = f"{unknown.total():,} sequence{'' if unknown.total() == 1 else 's'}"
        told.changes.append(f"labels that are no class of the model: {shown} ({several})")


def _open_and_write(tables: Iterator[pa.Table], path: Path) -> None:
    with path.open("wb") as stream:
        _write_csv(tables, stream)


def _write_csv(tables: Iterator[pa.Table], stream: IO[bytes]) -> None:
    for k, table in enumerate(tables):
        pyarrow.csv.write_csv(table, stream, pyarrow.csv.WriteOptions(include_header=k == 0))


def _write_parquet(tables: Iterator[pa.Table], path: Path) -> None:
    writer: pq.ParquetWriter | None = None
    waiting: list[pa.Table] = []
    with contextlib.ExitStack() as stack:
        for table in tables:
            if writer is None:
                writer = stack.enter_context(pq.ParquetWriter(path, table.schema))
            waiting.append(table)
            if sum(part.num_rows * part.num_columns for part in waiting) >= _CELLS:
                writer.write_table(pa.concat_tables(waiting))
                waiting = []
        if waiting and writer is not None:
            writer.write_table(pa.concat_tables(waiting))
