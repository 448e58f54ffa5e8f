"""Weights & Biases: offline into run_dir/wandb unless asked otherwise, silent, and never in the way.

Online, the run starts offline if the account's key is missing or malformed or the server does not answer: what was
written offline can be sent later with `wandb sync`. Nothing is prompted for, printed, or stored in the user's own
W&B settings, and the library's own usage reports are off.
"""

import contextlib
import io
import os
import shutil
import threading
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, final

import wandb
from wandb.analytics.opentelemetry import opentelemetry_proxy
from wandb.sdk import wandb_setup
from wandb.sdk.lib import wbauth
from wandb.sdk.lib.runid import generate_id

from seqlab.config.training import WandbConfig
from seqlab.errors import UserError
from seqlab.redaction import REDACTED, redact_text
from seqlab.results import EpochRow
from seqlab.trackers.base import Outcome, RunAbout, Tracker, flat_row

# The library itself may take a second more; DESIGN promises 15 s for the whole.
ONLINE_START_SECONDS = 8.0
ONLINE_FINISH_SECONDS = 60.0
MAX_PREDICTION_ROWS = 5000
# Beyond so many classes, the cells of the confusion matrix that hold 0 are left out.
DENSE_CLASSES = 50
_LONGEST_TAG = 64
_LONGEST_NAME = 128
_environment = threading.Lock()


@final
class WandbTracker(Tracker):
    """One W&B run, of its own even where several are open in one process.

    Rows appear as `train/...` and `validation/...` over `epoch`; `finish` adds the summary under the dotted names of
    result.json, the confusion matrix, the predictions, the figures, and the best checkpoint as an artifact.

    Args:
        config: mode, project, entity.
    """

    def __init__(self, config: WandbConfig) -> None:
        self._config = config
        self._run: wandb.Run | None = None

    def start(self, about: RunAbout) -> str | None:
        """Begin a run; returns where it is, or why it is offline."""
        if self._config.mode == "disabled":
            return None
        opentelemetry_proxy.disable()
        reason = None
        if self._config.mode == "online":
            before = _online_runs(about.run_dir)
            try:
                _require_account()
                self._run = self._begin(about, "online")
            except Exception as error:
                reason = _first_line(error)
                for folder in _online_runs(about.run_dir) - before:  # empty; `wandb sync` shall not find it
                    shutil.rmtree(folder, ignore_errors=True)
        run = self._run or self._begin(about, "offline")
        self._run = run
        run.define_metric("epoch", hidden=True)
        for name in ("train/*", "validation/*", "lr", "seconds"):
            run.define_metric(name, step_metric="epoch")
        folder = _shown(Path(run.settings.sync_dir))
        if reason is not None:
            return f"W&B: offline, since online failed ({reason}); send it later: wandb sync {folder}"
        if self._config.mode == "offline":
            return f"W&B: offline; look: wandb leet {folder.parent}"
        return f"W&B: {run.url}"

    def _begin(self, about: RunAbout, mode: Literal["online", "offline"]) -> wandb.Run:
        settings = wandb.Settings(
            mode=mode,
            run_id=generate_id(),
            root_dir=str(about.run_dir),
            reinit="create_new",
            silent=True,
            console="off",
            init_timeout=ONLINE_START_SECONDS,
            finish_timeout=ONLINE_FINISH_SECONDS if mode == "online" else 0.0,
            finish_timeout_raises=True,
            disable_code=True,
            disable_git=True,  # result.json and the config say it
            save_code=False,
            x_disable_meta=True,  # command lines may hold secrets
            x_save_requirements=False,
            x_transaction_log_flush_interval=1.0,  # seconds; rows outlive a kill
        )
        with _hushed():
            return wandb.init(
                project=self._config.project,
                entity=self._config.entity,
                name=about.name[:_LONGEST_NAME],
                group=about.group[:_LONGEST_NAME] if about.group else None,
                job_type=about.job_type,
                tags=list(dict.fromkeys(tag[:_LONGEST_TAG] for tag in about.tags if tag)),
                config=dict(about.config),
                settings=settings,
            )

    def log(self, row: EpochRow) -> None:
        """One row; undefined values are left out."""
        assert self._run is not None, "start comes first"
        self._run.log({name: value for name, value in flat_row(row).items() if value is not None})

    def finish(self, outcome: Outcome) -> None:
        """Summary, tables, figures and artifact; the run is closed even if one of them fails."""
        run, self._run = self._run, None
        if run is None:
            return
        try:
            with _staging_in(Path(run.settings.sync_dir)):
                self._hand_over(run, outcome)
        finally:
            self._close(run, exit_code=0 if outcome.status in ("completed", "pruned") else 1)

    def _close(self, run: wandb.Run, exit_code: int) -> None:
        try:
            with _hushed():
                run.finish(exit_code=exit_code)
        except TimeoutError:
            folder = _shown(Path(run.settings.sync_dir))
            raise TimeoutError(
                f"not everything was sent within {ONLINE_FINISH_SECONDS:g} s; send the rest: wandb sync {folder}"
            ) from None

    def _hand_over(self, run: wandb.Run, outcome: Outcome) -> None:
        run.summary.update({"status": outcome.status, **outcome.summary})
        shown: dict[str, Any] = {f"figures/{path.stem}": wandb.Image(str(path)) for path in outcome.figures}
        if outcome.confusion is not None:
            shown["confusion_matrix"] = _confusion_chart(
                outcome.confusion.tolist(), outcome.classes, outcome.confusion_part
            )
        if outcome.predictions:
            rows = outcome.predictions[:MAX_PREDICTION_ROWS]
            shown["predictions"] = _table(outcome.prediction_columns, rows)
        if outcome.page is not None:
            shown["page"] = wandb.Html(outcome.page.read_text(encoding="utf-8"), inject=False)
        for name, (columns, *rows) in outcome.tables.items():
            shown[f"tables/{name}"] = _table(columns, rows)
        if shown:
            run.log(shown)
        if outcome.best_checkpoint is not None:
            artifact = wandb.Artifact(f"model-{run.id}", type="model", metadata=_plain(outcome.summary))
            artifact.add_file(str(outcome.best_checkpoint), policy="immutable", skip_cache=True)
            run.log_artifact(artifact, aliases=["best"])


def _confusion_chart(counts: Sequence[Sequence[int]], classes: Sequence[str], part: str) -> Any:
    """W&B's own chart of a confusion matrix, from counts instead of single predictions."""
    dense = len(classes) <= DENSE_CLASSES
    cells = [
        [classes[true], classes[predicted], count]
        for true, row in enumerate(counts)
        for predicted, count in enumerate(row)
        if dense or count
    ]
    columns = ["Actual", "Predicted", "nPredictions"]
    return wandb.plot_table(
        vega_spec_name="wandb/confusion_matrix/v1",
        data_table=_table(columns, cells),
        fields={column: column for column in columns},
        string_fields={"title": f"Confusion matrix ({part})" if part else "Confusion matrix"},
    )


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> wandb.Table:
    data: list[Any] = [list(row) for row in rows]
    return wandb.Table(columns=[*columns], data=data)


def _plain(summary: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in summary.items() if value is not None}


def _require_account() -> None:
    """Find the account's key where W&B keeps it (environment, .netrc, its settings), without ever asking for it."""
    with _hushed():
        host = wandb_setup.singleton().settings.base_url
        if wbauth.authenticate_session(host=host, source="seqlab", prompt=False) is None:
            raise UserError("no API key: set WANDB_API_KEY or run `wandb login`")


@contextlib.contextmanager
def _staging_in(folder: Path) -> Generator[None]:
    """W&B copies tables before it sends them, into the user's home unless told otherwise; a later sync needs them."""
    with _environment:
        before = os.environ.get("WANDB_DATA_DIR")
        os.environ["WANDB_DATA_DIR"] = str(folder)
        try:
            yield
        finally:
            if before is None:
                del os.environ["WANDB_DATA_DIR"]
            else:
                os.environ["WANDB_DATA_DIR"] = before


@contextlib.contextmanager
def _hushed() -> Generator[None]:
    """Nothing on the screen, and (since stderr is then no terminal) no question about an account."""
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        yield


def _first_line(error: Exception, limit: int = 160) -> str:
    """Why it failed; without the key, should a library or a proxy have put it into its message."""
    text = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
    key = os.environ.get("WANDB_API_KEY")
    text = redact_text(text.replace(key, REDACTED) if key else text)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _online_runs(run_dir: Path) -> set[Path]:
    return {folder for folder in (run_dir / "wandb").glob("run-*") if folder.is_dir()}


def _shown(path: Path) -> Path:
    """The path as it is shortest from here."""
    with contextlib.suppress(ValueError):
        return path.resolve().relative_to(Path.cwd())
    return path
