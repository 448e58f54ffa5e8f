"""How long a table of a million rows takes to be understood and batched, after imports: python benchmarks/reading.py"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from seqlab.config.files import FilesConfig
from seqlab.data.files import Files
from seqlab.data.module import SequenceData


def make(rows: int, folder: Path) -> dict[str, Path]:
    """The same sequences of 50 steps x 8 features as CSV and as Parquet."""
    rng = np.random.default_rng(0)
    count = rows // 50
    table = pd.DataFrame(
        {"run_id": np.repeat([f"{i:06d}" for i in range(count)], 50), "time": np.tile(np.arange(50), count)}
    )
    for k in range(8):
        table[f"x{k}"] = rng.normal(size=len(table)).round(4)
    table["label"] = np.repeat(rng.choice(["down", "up"], size=count), 50)
    paths = {"CSV": folder / "rows.csv", "Parquet": folder / "rows.parquet"}
    table.to_csv(paths["CSV"], index=False)
    table.to_parquet(paths["Parquet"])
    return paths


def once(path: Path) -> float:
    """Seconds from the file to the last batch of one epoch."""
    began = time.perf_counter()
    config = FilesConfig(train=str(path), batch_size=256)
    data = SequenceData(Files(config), config, seed=0)
    steps = sum(int(batch.lengths.sum()) for batch in data.train_loader())
    assert steps > 0
    return time.perf_counter() - began


def main() -> None:
    """Measure, interleaved, and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = make(options.rows, Path(folder))
        times: dict[str, list[float]] = {name: [] for name in paths}
        for _ in range(options.repeats):
            for name, path in paths.items():
                times[name].append(once(path))
    for name, seconds in times.items():
        print(
            f"{name:<8} {options.rows:,} rows: {statistics.median(seconds):.2f} s "
            f"({min(seconds):.2f} to {max(seconds):.2f}), understood, split, prepared and batched once"
        )


if __name__ == "__main__":
    main()
