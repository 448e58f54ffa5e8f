"""A run that has ended, told to a tracker from its files: for runs that were not followed while they trained."""

from pathlib import Path

from seqlab import files
from seqlab.config.build import to_plain
from seqlab.config.experiment import Experiment
from seqlab.experiment.naming import summary, tags
from seqlab.redaction import redact
from seqlab.results import BEST_CHECKPOINT, FIGURES_FOLDER, METRICS_FILE, EpochRow, read_result
from seqlab.trackers import Outcome, RunAbout, make_tracker


def replay(run_dir: Path, experiment: Experiment, job_type: str = "trial") -> list[str]:
    """Tell a tracker of a run: its settings, every epoch, and what it came to.

    Args:
        run_dir: where the run lies; the tracker's files go there.
        experiment: its settings, with the logger that is to hear of it.
        job_type: what the run was for.

    Returns:
        Lines worth saying, such as why W&B is offline.
    """
    result = read_result(run_dir)
    said: list[str] = []
    tracker = make_tracker(experiment.logger, said.append)
    line = tracker.start(
        RunAbout(
            name=result.name,
            config=redact(to_plain(experiment)),
            tags=tags(experiment, result),
            group=experiment.logger.wandb.group,
            job_type=job_type,
            run_dir=run_dir,
        )
    )
    if line is not None and "online failed" in line:
        said.append(line)
    if (run_dir / METRICS_FILE).is_file():  # a trial of several folds has none of its own
        for row in files.read_rows(run_dir / METRICS_FILE):
            tracker.log(EpochRow(**row))
    best = run_dir / BEST_CHECKPOINT
    tracker.finish(
        Outcome(
            status=result.status,
            summary=summary(result),
            best_checkpoint=best if best.is_file() else None,
            figures=sorted((run_dir / FIGURES_FOLDER).glob("*.png")),
        )
    )
    return said
