"""The LightningModule: one optimiser step, one epoch's scores. It never sees test data.

Numbers stay on the device during an epoch and are read once at its end. With several processes, the loss of a
step is the sum over all processes divided by the weight of the whole global batch, so that every sequence counts
the same as in a run with one process; scores are computed on the outputs of all processes put together.
"""

import math
import time
from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
import torch
import torch.distributed as dist
from torch import Tensor

from seqlab.batch import SequenceBatch
from seqlab.config.experiment import Experiment
from seqlab.config.training import OptimizerConfig, SchedulerConfig
from seqlab.errors import Diverged
from seqlab.model import SequenceModel
from seqlab.recurrent.dropout import set_dropout_step
from seqlab.results import EpochRow, Scores


class Outputs:
    """Outputs and targets of one pass over a part, kept on the device until the pass is over."""

    def __init__(self) -> None:
        self._logits: list[Tensor] = []
        self._targets: list[Tensor] = []
        self._ids: list[Tensor] = []

    def add(self, logits: Tensor, batch: SequenceBatch) -> None:
        """Keep a batch's outputs; sequences of weight 0 only fill a batch and are left out."""
        assert batch.targets is not None and batch.ids is not None
        kept: tuple[Tensor, Tensor, Tensor] = (logits.detach().float(), batch.targets, batch.ids)
        if batch.weights is not None:
            real = batch.weights > 0
            kept = (kept[0][real], kept[1][real], kept[2][real])
        self._logits.append(kept[0])
        self._targets.append(kept[1])
        self._ids.append(kept[2])

    def collect(self) -> tuple[Tensor, Tensor]:
        """Logits [N, C] and targets [N] of all processes on the CPU, ordered by id."""
        own = tuple(torch.cat(x).cpu() for x in (self._logits, self._targets, self._ids))
        if dist.is_initialized() and dist.get_world_size() > 1:
            shares: list[Any] = [None] * dist.get_world_size()
            dist.all_gather_object(shares, own)
            own = tuple(torch.cat(column) for column in zip(*shares, strict=True))
        logits, targets, ids = own
        order = torch.argsort(ids, stable=True)
        return logits[order], targets[order]


class Lit(pl.LightningModule):
    """Trains a `SequenceModel`.

    Args:
        model: the network.
        experiment: the run's settings.
        on_epoch: called on every process with the row of each epoch; returns True to stop training.
        on_batch: called on every process after each optimiser step with (batch number from 1, batches in the
            epoch).
    """

    def __init__(
        self,
        model: SequenceModel,
        experiment: Experiment,
        on_epoch: Callable[[EpochRow], bool],
        on_batch: Callable[[int, int], None],
    ) -> None:
        super().__init__()
        self.model = model
        self.experiment = experiment
        self._on_epoch = on_epoch
        self._on_batch = on_batch
        self._plateau: torch.optim.lr_scheduler.ReduceLROnPlateau | None = None
        self._began = time.monotonic()
        self._train = Outputs()
        self._validation = Outputs()
        self.register_buffer("_first_bad_step", torch.tensor(-1), persistent=False)

    def configure_optimizers(self) -> Any:
        """The optimizer and, if it changes every step, the schedule."""
        optimizer = make_optimizer(
            self.experiment.optimizer,
            list(self.model.parameters()),
            mixed=self.experiment.trainer.precision.endswith("mixed"),
        )
        if self.experiment.scheduler.name == "plateau":
            s = self.experiment.scheduler
            self._plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
                optimizer, factor=s.factor, patience=s.patience
            )
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = make_schedule(self.experiment.scheduler, optimizer, steps)
        if schedule is None:
            return optimizer
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_fit_start(self) -> None:
        """Start the clock."""
        self._began = time.monotonic()

    def training_step(self, batch: SequenceBatch, batch_idx: int) -> Tensor:
        """Loss of one step, as this process's share of the global batch's mean."""
        set_dropout_step(self.model, self.experiment.seed, self.global_step)
        logits = self.model(batch)
        total, weight = self.model.task.loss(logits, batch)
        everyone = weight.detach().clone()
        if self.trainer.world_size > 1:
            dist.all_reduce(everyone)
        loss = total * self.trainer.world_size / everyone
        fresh = (self._first_bad_step < 0) & ~torch.isfinite(loss.detach())
        self._first_bad_step = torch.where(fresh, self.global_step + 1, self._first_bad_step)
        self._train.add(logits, batch)
        return loss

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Tell the listener how far the epoch is."""
        self._on_batch(batch_idx + 1, int(self.trainer.num_training_batches))

    def on_validation_epoch_start(self) -> None:
        """A run whose loss is not a number ends here, before its scores are taken.

        Raises:
            Diverged: with epoch and step of the first loss that was not finite.
        """
        self._check_loss()

    def _check_loss(self) -> None:
        bad = self._first_bad_step
        if self.trainer.world_size > 1:
            bad = bad.clone()
            dist.all_reduce(bad, op=dist.ReduceOp.MAX)
        if int(bad) >= 0:
            raise self._diverged("the loss was", int(bad))

    def _diverged(self, what: str, step: int) -> Diverged:
        return Diverged(
            f"{what} not a finite number at epoch {self.current_epoch + 1}, step {step}; "
            f"a lower optimizer.lr (now {self.experiment.optimizer.lr:g}) or a gradient clip may help"
        )

    def validation_step(self, batch: SequenceBatch, batch_idx: int) -> None:
        """Keep the outputs of a validation batch."""
        self._validation.add(self.model(batch), batch)

    def on_train_epoch_end(self) -> None:
        """Scores of the epoch, learning-rate plateau, and the listener.

        Raises:
            Diverged: if the network's outputs on the validation part are not all finite; without one, its weights.
        """
        validation = self._validation_scores()
        lr = float(self.trainer.optimizers[0].param_groups[0]["lr"])
        row = EpochRow(
            epoch=self.current_epoch + 1,
            step=self.global_step,
            seconds=time.monotonic() - self._began,
            lr=lr,
            train=self.model.task.scores(*self._train.collect()),
            validation=validation,
        )
        self._train, self._validation = Outputs(), Outputs()
        if self._plateau is not None and row.validation:
            loss = row.validation["loss"]
            self._plateau.step(float("inf") if loss is None else loss)
        stop = torch.tensor(self._on_epoch(row), dtype=torch.uint8, device=self.device)
        if self.trainer.world_size > 1:  # only the first process is told to stop from outside
            dist.all_reduce(stop, op=dist.ReduceOp.MAX)
        self.trainer.should_stop = bool(stop)

    def _validation_scores(self) -> Scores:
        if not self.experiment.data.validates:
            self._check_loss()
            if not all(bool(torch.isfinite(weights).all()) for weights in self.model.parameters()):
                raise self._diverged("a weight was", self.global_step)
            return {}
        logits, targets = self._validation.collect()
        if not bool(torch.isfinite(logits).all()):
            raise self._diverged("an output on the validation part was", self.global_step)
        return self.model.task.scores(logits, targets)


def make_optimizer(
    config: OptimizerConfig, parameters: list[torch.nn.Parameter], *, mixed: bool
) -> torch.optim.Optimizer:
    """The optimizer that a config names.

    On a CPU its step is one call (fused), a third of the time for small networks; on a GPU PyTorch's own choice is as
    quick.

    Args:
        config: which, and its rates.
        parameters: to be trained, on their device.
        mixed: whether precision is mixed, in which Lightning clips no gradients for a fused step.
    """
    lr, decay, momentum = config.lr, config.weight_decay, config.momentum
    on_cpu = all(parameter.device.type == "cpu" for parameter in parameters)
    fused = True if on_cpu and not mixed else None
    match config.name:
        case "adam":
            return torch.optim.Adam(parameters, lr=lr, weight_decay=decay, fused=fused)
        case "adamw":
            return torch.optim.AdamW(parameters, lr=lr, weight_decay=decay, fused=fused)
        case "sgd":
            return torch.optim.SGD(parameters, lr=lr, weight_decay=decay, momentum=momentum, fused=fused)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, lr=lr, weight_decay=decay, momentum=momentum)


def make_schedule(
    config: SchedulerConfig, optimizer: torch.optim.Optimizer, steps: int
) -> torch.optim.lr_scheduler.LRScheduler | None:
    """A schedule that moves at every one of `steps` steps, or None where the rate stays or waits for a plateau."""
    if config.name in ("none", "plateau"):
        return None
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_at(config, step, steps))


def rate_at(config: SchedulerConfig, step: int, steps: int) -> float:
    """The learning rate at a step, as a multiple of `optimizer.lr`.

    one_cycle rises from 1/25 to 1 and falls to 1/10000, both along a cosine (Smith and Topin 2019); cosine rises
    linearly and falls to 0 along a cosine (Loshchilov and Hutter 2017).

    Args:
        config: name and warmup, the share of steps over which the rate rises.
        step: counted from 0.
        steps: in the whole run.
    """
    rising = round(config.warmup * steps)
    if config.name == "cosine" and step < rising:
        return (step + 1) / (rising + 1)
    start, peak, end = (0.04, 1.0, 1e-4) if config.name == "one_cycle" else (1.0, 1.0, 0.0)
    if step < rising:
        return _along_cosine(start, peak, step / rising)
    return _along_cosine(peak, end, (step - rising) / max(steps - rising, 1))


def _along_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * min(share, 1.0))) / 2
