"""Training itself: a Lightning Trainer around the LightningModule, and what it took."""

import contextlib
import signal
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.strategies import DDPStrategy

from seqlab.checkpoint import load_checkpoint
from seqlab.config.experiment import Experiment
from seqlab.config.training import TrainerConfig
from seqlab.data.module import SequenceData
from seqlab.data.preparation import Preparation
from seqlab.errors import ConfigError, UserError
from seqlab.experiment.processes import Rank, rank_from_environment
from seqlab.experiment.recorder import Recorder
from seqlab.experiment.renumbering import renumbered
from seqlab.lit import Lit
from seqlab.model import SequenceModel
from seqlab.results import BEST_CHECKPOINT, RunResult, read_result


def fit(
    experiment: Experiment,
    data: SequenceData,
    model: SequenceModel,
    rank: Rank,
    recorder: Recorder,
    result: RunResult,
) -> None:
    """Train `model`; time and epochs go into `result`, rows and checkpoints through `recorder`."""
    config = experiment.trainer
    if config.precision == "64-true":
        model.double()
    lit = Lit(model, experiment, recorder.on_epoch, recorder.on_batch)
    validates = experiment.data.validates
    trainer = _trainer(config, result.run_dir, validates)
    began = time.monotonic()
    try:
        trainer.fit(
            lit,
            data.train_loader(rank.rank, rank.world),
            data.validation_loader(rank.rank, rank.world) if validates else [],
        )
    finally:
        with contextlib.suppress(OSError):  # a full disk has told its story already, or will with the result
            recorder.save_last(trainer.global_step)
        seconds = time.monotonic() - began
        result.seconds["training"] = seconds
        result.epochs = {"run": len(recorder.rows), "best": recorder.best.epoch if recorder.best else 0}
        seen = len(recorder.rows) * data.spec.sizes["train"]
        result.cost["sequences_per_second"] = seen / seconds if recorder.rows else None


def start_from(model: SequenceModel, data: SequenceData, run_dir: Path) -> None:
    """Give `model` the best weights of another run; vectors of categories by the categories' names.

    Args:
        model: the network.
        data: what it will be trained and validated on.
        run_dir: the other run.

    Raises:
        UserError: if that run's network has another shape, or was trained on sequences that validate this one.
    """
    checkpoint = load_checkpoint(run_dir / BEST_CHECKPOINT)
    _check_apart(checkpoint.experiment, data, run_dir)
    own = model.state_dict()
    there = Preparation.from_dict(checkpoint.preparation).vocabularies
    weights = renumbered(checkpoint.weights, own, there, data.preparation.vocabularies)
    for name in own.keys() | weights.keys():
        here, old = (tuple(w[name].shape) if name in w else "absent" for w in (own, weights))
        if here != old:
            raise UserError(
                f"init_from={run_dir}: its network does not fit this one\n{name}: there {old}, here {here}"
            )
    model.load_state_dict(weights)


def _check_apart(there: Experiment, data: SequenceData, run_dir: Path) -> None:
    """Refuse weights that have seen the validation part: the same file under another split.

    Raises:
        UserError: with the number of such sequences, and the split that avoids it.
    """
    if read_result(run_dir).data["content_hash"] != data.facts()["content_hash"]:
        return
    seen = SequenceData(data.source, there.data, there.seed).indices("train")
    known = len(np.intersect1d(seen, data.indices("validation")))
    if known and data.spec.sizes["train"] != known:  # overfitting on purpose validates on what it trains on
        raise UserError(
            f"init_from={run_dir}: its weights were trained on {known} of the {data.spec.sizes['validation']} "
            f"sequences that would validate this run\nallowed: {_split_in_words(there)}"
        )


def _split_in_words(there: Experiment) -> str:
    """The settings that split the data as another run did."""
    data = there.data
    if not data.validates:
        return "data.validation_fraction=0, since that run was trained on all of them"
    seed = there.seed if data.split_seed is None else data.split_seed
    part = f"data.validation_fraction={data.validation_fraction:g}"
    if data.folds is not None:
        part = f"data.folds={data.folds} data.fold={data.fold}"
    return f"that run's split, data.split_seed={seed} {part}"


def check_hardware(config: TrainerConfig) -> None:
    """Refuse what this machine does not have.

    Raises:
        ConfigError: for a GPU that is not there, more GPUs than there are, or float16 on a CPU.
    """
    gpus = torch.cuda.device_count()
    available = {
        "gpu": gpus > 0 or torch.backends.mps.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if not available.get(config.accelerator, True):
        raise ConfigError(
            "trainer.accelerator", config.accelerator, "cpu, auto (PyTorch finds no such device here)"
        )
    if _on_gpu(config) and config.devices > gpus:
        raise ConfigError("trainer.devices", config.devices, f"at most {gpus}, the GPUs of this machine")
    if config.precision == "16-mixed" and not (_on_gpu(config) or available["mps"]):
        raise ConfigError("trainer.precision", config.precision, "32-true, 64-true, bf16-mixed (on a CPU)")


def _on_gpu(config: TrainerConfig) -> bool:
    return config.accelerator == "gpu" or (config.accelerator == "auto" and torch.cuda.is_available())


@contextmanager
def threads(count: int) -> Generator[None]:
    """Let PyTorch use `count` CPU threads, and exact algorithms on a GPU, while the run lasts."""
    before, exact = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(count)
    if torch.cuda.is_available():
        torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        if torch.cuda.is_available():
            torch.use_deterministic_algorithms(exact)


class _OwnSignals(pl.Callback):
    """Keeps the answer to SIGTERM that there was before Lightning's.

    Lightning tells the other processes by a collective call from within the signal's handler; where that meets
    another one half done, all processes wait for ever.
    """

    def __init__(self) -> None:
        self._answer = signal.getsignal(signal.SIGTERM)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Lightning has put its handler in place by now, and takes it away itself after training."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._answer)


def _trainer(config: TrainerConfig, run_dir: Path, validates: bool) -> pl.Trainer:
    strategy: Any = "auto"
    world = rank_from_environment()
    if world is not None:
        strategy = DDPStrategy(
            process_group_backend="nccl" if _on_gpu(config) else "gloo",
            broadcast_buffers=False,
            find_unused_parameters=False,
        )
    return pl.Trainer(
        accelerator=config.accelerator,
        devices=config.devices,
        num_nodes=1 if world is None else max(1, world.world // config.devices),
        strategy=strategy,
        precision="32-true"
        if config.precision == "64-true"
        else config.precision,  # the model is double already
        max_epochs=config.max_epochs,
        callbacks=[_OwnSignals()],
        gradient_clip_val=config.gradient_clip,
        default_root_dir=run_dir,
        num_sanity_val_steps=0,
        limit_val_batches=1.0 if validates else 0,
        use_distributed_sampler=False,  # the loaders deal out the global batches
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
