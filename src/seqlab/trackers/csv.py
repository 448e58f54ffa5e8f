"""A table of the epochs in metrics.csv: one row each, flat columns, for a spreadsheet."""

import csv
from typing import final

from seqlab.results import EpochRow
from seqlab.trackers.base import Outcome, RunAbout, Tracker, flat_row

CSV_FILE = "metrics.csv"


@final
class CsvTracker(Tracker):
    """Writes `run_dir/metrics.csv`, flushed row by row. An undefined value is an empty cell."""

    def start(self, about: RunAbout) -> str | None:
        """Begin an empty table."""
        self._path = about.run_dir / CSV_FILE
        self._columns: list[str] | None = None
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text("", encoding="utf-8")
        return f"epochs as a table: {self._path}"

    def log(self, row: EpochRow) -> None:
        """Append a row; the first one decides the columns."""
        plain = flat_row(row)
        with self._path.open("a", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, self._columns or list(plain), extrasaction="ignore")
            if self._columns is None:
                self._columns = list(plain)
                writer.writeheader()
            writer.writerow(plain)

    def finish(self, outcome: Outcome) -> None:
        """Nothing: the rows are written already."""
