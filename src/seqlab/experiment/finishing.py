"""A lean run made whole: what a run with an overseer left out, written from its checkpoint afterwards."""

from pathlib import Path

from seqlab import files
from seqlab.checkpoint import load_checkpoint
from seqlab.config.experiment import Experiment
from seqlab.experiment.fitting import threads
from seqlab.experiment.scoring import leave_behind, score
from seqlab.experiment.starting import network_of, profile_before
from seqlab.experiment.warm import kept_data_of
from seqlab.quiet import quiet_libraries
from seqlab.results import BEST_CHECKPOINT, METRICS_FILE, EpochRow, read_result


def finish(run_dir: Path, experiment: Experiment) -> None:
    """Write predictions and figures, and put baselines and latency into the result.

    Args:
        run_dir: a run that is completed and has kept its checkpoint.
        experiment: its settings.

    Raises:
        UserError: if there is no such run.
    """
    result = read_result(run_dir)
    checkpoint = load_checkpoint(run_dir / BEST_CHECKPOINT)
    rows = [EpochRow(**row) for row in files.read_rows(run_dir / METRICS_FILE)]
    with quiet_libraries(), threads(experiment.trainer.threads):
        data = kept_data_of(experiment)
        model = network_of(experiment, data)
        if experiment.trainer.precision == "64-true":
            model.double()
        profiles = profile_before(model, data)
        model.load_state_dict(checkpoint.weights)
        scored = score(experiment, data, model, rows[result.epochs["best"] - 1], result)
        leave_behind(experiment, data, model, rows, result, scored, profiles)
    result.write()
