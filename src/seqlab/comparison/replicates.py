"""Replicates: the chosen configurations again, on all training data and paired seeds. They read the test part."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq

from seqlab import files
from seqlab.comparison.jobs import job_of, weights_seed
from seqlab.comparison.labour import Labour
from seqlab.config.sweep import Scalar
from seqlab.replication import (
    REPLICATES_FILE,
    REPLICATES_FOLDER,
    SHUFFLED_FOLDER,
    Chosen,
    RegisterRow,
    readings,
    register_of,
    study_name,
)
from seqlab.results import PREDICTIONS_FILE, RunResult
from seqlab.sweep.arms import ComposedArm
from seqlab.sweep.definition import Sweep
from seqlab.sweep.orders import Run

# What a row of replicates.parquet is of: an arm, or the arm trained and tested on sequences shuffled in time.
REPLICATE, SHUFFLED = "replicate", "shuffled"
MOST_SHUFFLED = 5


def train_replicates(
    sweep: Sweep,
    arms: Sequence[ComposedArm],
    chosen: Sequence[Chosen],
    count: int,
    labour: Labour,
    progress: Callable[[int, int], None],
) -> None:
    """Train the first `count` replicates of every chosen configuration, and write replicates.parquet.

    Args:
        sweep: the sweep.
        arms: composed.
        chosen: one for every arm and tuning.
        count: pairs.
        labour: does the runs.
        progress: told how many runs are done, of how many.
    """
    by_name = {arm.name: arm for arm in arms}
    found: list[tuple[Chosen, int, str, Run]] = []
    for n in range(count):  # pair by pair, so that an interruption leaves whole pairs
        for row in chosen:
            arm = by_name[study_name(row.arm, row.tuning)]
            found.append((row, n, REPLICATE, _job(sweep, arm, row, n, shuffled=False)))
    if sweep.config.protocol.references:
        for n in range(min(count, MOST_SHUFFLED)):
            for row in chosen:
                arm = by_name[study_name(row.arm, row.tuning)]
                found.append((row, n, SHUFFLED, _job(sweep, arm, row, n, shuffled=True)))
    results = labour.run([job for *_, job in found], progress)
    _register(sweep, results, f"{count} replicates of {len(chosen)} configurations")
    pairs = [(row, n, kind, result) for (row, n, kind, _), result in zip(found, results, strict=True)]
    tables = [table for row, n, kind, result in pairs if (table := _table(row, n, kind, result)) is not None]
    if tables:
        whole = pa.concat_tables(tables, promote_options="default")
        files.write_whole(sweep.directory / REPLICATES_FILE, lambda draft: pq.write_table(whole, draft))


def _job(sweep: Sweep, arm: ComposedArm, chosen: Chosen, n: int, *, shuffled: bool) -> Run:
    pair = sweep.config.protocol.seed + n
    changes: dict[str, Scalar] = {
        "seed": weights_seed(arm.name, pair),
        "data.order_seed": pair,
        "data.validation_fraction": 0,
        "trainer.max_epochs": chosen.epochs,
        "trainer.early_stopping": None,
        "evaluate_test": True,
    }
    if shuffled:
        changes["data.shuffle_time"] = True
    folder = SHUFFLED_FOLDER if shuffled else REPLICATES_FOLDER
    run_dir = sweep.directory / folder / arm.name / str(pair)
    return job_of(sweep, arm, chosen.parameters, changes, run_dir, "predictions")


def _register(sweep: Sweep, results: Sequence[RunResult], what: str) -> None:
    """Enter the reading of the test part, once a sweep and data set."""
    facts = next((r.data for r in results if r.data.get("test_hash")), None)
    if facts is None:
        return
    register, who = register_of(sweep.directory), str(sweep.directory)
    if any(row.who == who for row in readings(register, facts["test_hash"])):
        return
    row = RegisterRow(
        content=facts["test_hash"],
        dataset=facts["name"],
        when=datetime.now().astimezone().isoformat(timespec="seconds"),
        who=who,
        what=what,
    )
    files.append_row(register, _plain(row))


def _plain(row: RegisterRow) -> Mapping[str, str]:
    return {name: getattr(row, name) for name in ("content", "dataset", "when", "who", "what")}


def _table(chosen: Chosen, n: int, kind: str, result: RunResult) -> pa.Table | None:
    """A replicate's rows: kind, arm, tuning, pair, item, truth, predicted, p_<class>; None if it has diverged."""
    path = result.run_dir / PREDICTIONS_FILE
    if result.status != "completed" or not path.is_file():
        return None
    found = pq.read_table(path, filters=[("split", "=", "test")])
    rows = found.num_rows
    about = {
        "kind": pa.array([kind] * rows, pa.string()),
        "arm": pa.array([chosen.arm] * rows, pa.string()),
        "tuning": pa.array([chosen.tuning] * rows, pa.int64()),
        "pair": pa.array([result.run_dir.name] * rows, pa.string()),
        "item": found["id"],
        "truth": found["true"],
        "predicted": found["predicted"],
    }
    probabilities = {name: found[name] for name in found.column_names if name.startswith("p_")}
    return pa.table({**about, **probabilities})
