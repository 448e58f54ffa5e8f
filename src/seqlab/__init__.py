"""A laboratory for sequence models: which recurrent architecture is worth it, on your own data?

    import seqlab

    result = seqlab.run(["model=bilstm_stacked", "data=archive", "data.name=GunPoint"])
    model = seqlab.load(result.run_dir)
    model.predict(list_of_arrays).labels

Importing this imports neither torch nor Hydra; the functions below do when they are called.
"""

import signal
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqlab.config.registry import register
from seqlab.errors import EXIT_TERMINATED, ConfigError, RunFailed, UserError
from seqlab.redaction import redact_words
from seqlab.results import RunResult
from seqlab.startup import collector_off

if TYPE_CHECKING:
    from seqlab.predict import TrainedModel

__all__ = ["ConfigError", "RunFailed", "RunResult", "UserError", "__version__", "load", "register", "run"]
__version__ = version("seqlab")


def run(
    overrides: Sequence[str] = (),
    data: tuple[Any, Any] | None = None,
    watch: bool = False,
    run_dir: str | Path | None = None,
) -> RunResult:
    """Train one model, as `python train.py` does.

    Args:
        overrides: settings as on the command line, such as ["model=gru", "optimizer.lr=0.01"].
        data: (X, y) in place of a data source: a list of arrays [T_i, F] (or [T_i]) or of texts, and as many labels.
            Labels are names: 0 and 1 become the classes "0" and "1", and predictions come back as such text.
        watch: whether to show on the screen what the command line shows.
        run_dir: where to write the run; None: `hydra.run.dir`, a new folder below runs/train.

    Returns:
        The result; its `status` says how the run ended, its `run_dir` where it lies.

    Raises:
        UserError: for settings or data that do not fit; nothing is written then.
        KeyboardInterrupt: after Ctrl-C, once what there is of the run has been written as interrupted.
    """
    from seqlab.compose import compose
    from seqlab.preflight import check_start

    if isinstance(overrides, str):
        raise UserError(
            f"seqlab.run({overrides!r}): settings are a list\nallowed: seqlab.run([{overrides!r}])"
        )
    if data is not None and len(data) != 2:
        raise UserError(
            f"seqlab.run: data holds {len(data)} things\nallowed: data=(X, y), arrays and their labels"
        )
    words = list(overrides)
    if data is not None:
        chosen = next((word for word in words if word.startswith("data=")), "data=memory")
        if chosen != "data=memory":
            raise UserError(f"seqlab.run: both {chosen} and data=(X, y) are given\nallowed: one of them")
        words = ["data=memory", *(word for word in words if word != chosen)]
    composed = compose(words)
    place = composed.run_dir if run_dir is None else Path(run_dir)
    check_start(composed.experiment, place, data_given=data is not None)
    with collector_off():
        from seqlab.experiment import run as train
    from seqlab.experiment.processes import Interrupted
    from seqlab.screen import Screen

    try:
        result = train(
            composed.experiment,
            run_dir=place,
            command=f"seqlab.run({redact_words(words)!r}{', data=(X, y)' if data is not None else ''})",
            watcher=Screen() if watch else None,
            data=data,
        )
    except Interrupted as interrupted:  # before there was anything to write
        stopped = interrupted.signal == signal.SIGINT
        raise (KeyboardInterrupt() if stopped else SystemExit(EXIT_TERMINATED)) from None
    if result.status == "interrupted" and "SIGINT" in (result.reason or ""):
        raise KeyboardInterrupt  # the run is written; a loop of runs ends here too
    return result


def load(run_dir: str | Path) -> "TrainedModel":
    """The trained model of a run directory, at its best epoch, ready to `predict(list_of_arrays)`.

    Raises:
        UserError: if there is no run with weights, or its parts come from a package that is not imported.
    """
    from seqlab.preflight import check_run

    check_run(Path(run_dir), "seqlab.load")
    from seqlab.predict import load as load_trained

    return load_trained(run_dir)
