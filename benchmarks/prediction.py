"""Memory and time of `seqlab predict` by the size of the file: python benchmarks/prediction.py"""

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

import seqlab

_FEATURES = 8


def write(path: Path, sequences: int, steps: int) -> None:
    """A table in long form, written a piece at a time."""
    rng = np.random.default_rng(0)
    at_once = max(1, 100_000 // steps)
    writer: pyarrow.csv.CSVWriter | pq.ParquetWriter | None = None
    for start in range(0, sequences, at_once):
        count = min(at_once, sequences - start)
        ids = np.repeat([f"r{start + k:08d}" for k in range(count)], steps)
        columns = {"run_id": ids, "time": np.tile(np.arange(steps), count)}
        columns |= {f"x{k}": rng.normal(size=len(ids)).round(4) for k in range(_FEATURES)}
        table = pa.table({**columns, "label": np.where(rng.random(count) < 0.5, "up", "down").repeat(steps)})
        if writer is None:
            writer = (
                pyarrow.csv.CSVWriter(path, table.schema)
                if path.suffix == ".csv"
                else pq.ParquetWriter(path, table.schema)
            )
        writer.write(table) if isinstance(writer, pyarrow.csv.CSVWriter) else writer.write_table(table)
    assert writer is not None
    writer.close()


def anonymous(process: subprocess.Popen[bytes], found: list[int]) -> None:
    """Anonymous memory of a process [KiB], looked at until it ends (Linux)."""
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        try:
            lines = status.read_text().splitlines()
        except OSError:
            return
        found += [int(line.split()[1]) for line in lines if line.startswith("RssAnon")]
        time.sleep(0.02)


def main() -> None:
    """Predict files of growing size, and print what each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=10, help="of a sequence")
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "train.csv", 200, options.steps)
        words = ["model=gru", "model.hidden_size=16", "trainer.max_epochs=1", "logger=none", "data=files"]
        seqlab.run([*words, f"data.train={folder}/train.csv"], run_dir=folder / "run")
        for suffix in (".csv", ".parquet"):
            for rows in options.rows:
                file = folder / f"new{suffix}"
                write(file, rows // options.steps, options.steps)
                began, found = time.perf_counter(), list[int]()
                command = [sys.executable, "-m", "seqlab", "predict", folder / "run", file]
                process = subprocess.Popen(
                    [*command, "--out", folder / f"out{suffix}"], stdout=subprocess.DEVNULL
                )
                watcher = threading.Thread(target=anonymous, args=(process, found))
                watcher.start()
                code = process.wait()
                watcher.join()
                print(
                    f"{suffix:<9}{rows:>11,} rows, {rows // options.steps:>9,} sequences: peak "
                    f"{max(found) / 1024:,.0f} MiB anonymous, {time.perf_counter() - began:.1f} s, exit code {code}",
                    flush=True,
                )
                file.unlink()


if __name__ == "__main__":
    main()
