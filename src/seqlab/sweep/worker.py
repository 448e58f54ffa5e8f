"""A warm process that runs one trial after the other: everything is imported once, and the data stay in memory.

It lies in a process group of its own, so that Ctrl-C in a terminal reaches the coordinator alone, and so that all it
has started ends with it. A thread listens to the coordinator; when the pipe breaks the coordinator is gone, and so is
the worker.
"""

import contextlib
import os
import queue
import signal
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from seqlab.config.build import build_experiment
from seqlab.config.experiment import Experiment
from seqlab.config.registry import load
from seqlab.errors import RunFailed, UserError
from seqlab.experiment import run
from seqlab.experiment.finishing import finish
from seqlab.experiment.fitting import threads
from seqlab.experiment.oversight import Overseer
from seqlab.experiment.processes import Interrupted
from seqlab.experiment.replay import replay
from seqlab.experiment.scoring import computed_costs, first_batch, latency_ms
from seqlab.experiment.warm import kept_data_of
from seqlab.model import SequenceModel
from seqlab.plugins import load_plugins
from seqlab.quiet import quiet_libraries
from seqlab.results import RunResult
from seqlab.sweep.folding import train_folds
from seqlab.sweep.orders import (
    After,
    Costs,
    CostsOf,
    Done,
    Ended,
    Epoch,
    Errand,
    Fold,
    Message,
    Order,
    Ready,
    Run,
    Scored,
)
from seqlab.sweep.overseers import Attendant, Foreman, Line, Teller

_RELAY_SECONDS = 10.0


def serve(connection: Connection, number: int, plugins: list[str], log: Path) -> None:
    """Run trials until told to stop (None), or until the coordinator is gone.

    Args:
        connection: to the coordinator.
        number: which worker this is, from 0; GPUs are dealt out by it.
        plugins: packages whose parts the runs use.
        log: where what libraries print, and tracebacks, are appended.
    """
    with contextlib.suppress(OSError, AttributeError):  # Windows has no process groups
        os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if not log.parent.is_dir():  # whoever was stopped while this process started has cleared up and gone
        return
    with log.open("ab") as stream:  # the coordinator has the screen
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    line = _Listener(connection)
    load_plugins(plugins)
    line.send(Ready())
    while (order := line.recv()) is not None:
        if isinstance(order, CostsOf):
            line.send(Costs([costs(build_experiment(plain), order.latency) for plain in order.settings]))
        elif isinstance(order, After):
            line.send(Done(_afterwards(order)))
        elif isinstance(order, Errand):
            line.send(Done(load(order.target)(**order.arguments)))
        else:
            _deal_out_gpus(number, order)
            line.send(_ended(_alone if isinstance(order, Run) else _run, order, line))


class _Listener:
    """The coordinator's words, read by a thread that notices when it is gone."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._words: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True, name="seqlab-listener").start()

    def _listen(self) -> None:
        while True:
            try:
                self._words.put(self._connection.recv())
            except (EOFError, OSError):
                _end_group()

    def send(self, message: Message) -> None:
        try:
            self._connection.send(message)
        except OSError:
            _end_group()

    def recv(self) -> Any:
        return self._words.get()


def _end_group() -> None:
    """End this process and all that it has started."""
    with contextlib.suppress(OSError, AttributeError):
        if os.getpgid(0) == os.getpid():
            os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _ended(work: Callable[[Any, _Listener], Ended], order: Order | Run, line: _Listener) -> Ended:
    """How a run ended, whatever became of it."""
    try:
        return work(order, line)
    except Interrupted as error:
        return Ended("interrupted", "stopped", str(error), 0, {})
    except UserError as error:
        return Ended("failed", "user", " ".join(str(error).split()), 0, {})
    except MemoryError as error:
        return Ended("failed", "memory", f"out of memory: {error}", 0, {})
    except RunFailed as error:
        return Ended("failed", "disk", str(error), 0, {})
    except Exception as error:  # the run's own, whatever it is: the sweep goes on
        traceback.print_exc()
        return Ended("failed", "error", f"{type(error).__name__}: {' '.join(str(error).split())}", 0, {})


def _alone(order: Run, line: _Listener) -> Ended:
    experiment = build_experiment(order.settings)
    watcher = Teller(line) if _in_one_process(experiment) else None  # a line does not travel to others
    overseer = Attendant(order)
    result = run(experiment, run_dir=order.run_dir, command=order.command, overseer=overseer, watcher=watcher)
    return _end_of(result)


def _run(order: Order, line: _Listener) -> Ended:
    arrived = time.monotonic()
    experiment = build_experiment(order.folds[0].settings if order.folds else order.settings)
    found: dict[str, float | None] = {}
    if order.ask_costs:
        found = costs(experiment, order.latency)
        line.send(Costs([found]))
        if not line.recv():
            return Ended("infeasible", None, None, 0, found)
    if order.folds:
        return train_folds(order, line, lambda fold, overseer: _train(fold, line, overseer, ()))
    asks = (Scored, Epoch) if order.prunes else (Scored,)
    return _end_of(_train(order, line, lambda to: Foreman(order, to, arrived), asks))


def _end_of(result: RunResult) -> Ended:
    return Ended(result.status, result.cause, result.reason, result.epochs.get("run", 0), result.cost)


def _in_one_process(experiment: Experiment) -> bool:
    return experiment.trainer.devices == 1 and experiment.trainer.strategy != "ddp"


def _afterwards(order: After) -> list[str]:
    experiment = build_experiment(order.settings)
    try:
        if order.what == "finish":
            finish(order.run_dir, experiment)
            return []
        with quiet_libraries():
            return replay(order.run_dir, experiment)
    except Exception as error:  # it can be done again; the sweep is over and its numbers stand
        traceback.print_exc()
        undone = "its files are not complete" if order.what == "finish" else "not told to the tracker"
        return [f"trial {order.run_dir.name}: {undone} ({type(error).__name__}: {error})"]


def _train(
    order: Order | Fold, line: _Listener, overseer: Callable[[Line], Overseer], asks: tuple[type, ...]
) -> RunResult:
    """Train a run under an overseer; a line into other processes is relayed, with an answer to messages that ask."""
    experiment = build_experiment(order.settings)

    def begin(to: Line) -> RunResult:
        return run(
            experiment,
            run_dir=order.run_dir,
            command=order.command,
            overseer=overseer(to),
            watcher=Teller(to),
        )

    if _in_one_process(experiment):
        return begin(line)
    ours, theirs = Pipe()
    relay = threading.Thread(target=_relay, args=(ours, line, asks), daemon=True)
    with ours:
        relay.start()
        with theirs:
            result = begin(theirs)
        relay.join(_RELAY_SECONDS)  # what was said last is passed on before anything else is said
        return result


def _relay(ours: Connection, line: _Listener, asks: tuple[type, ...]) -> None:
    """Pass on what the first process of a trial says, and what is answered."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            message = ours.recv()
            line.send(message)
            if isinstance(message, asks):
                ours.send(line.recv())


def costs(experiment: Experiment, latency: bool) -> dict[str, float | None]:
    """What a network costs, counted without training it."""
    data = kept_data_of(experiment)
    place: Callable[[], Any] = contextlib.nullcontext if latency else lambda: torch.device("meta")
    with threads(experiment.trainer.threads), place():
        model = SequenceModel(experiment, data.spec)
        found = computed_costs(model, float(data.facts()["lengths"]["mean"]))
        if latency:
            found["latency_ms"] = latency_ms(model, first_batch(data))
    return found


def _deal_out_gpus(number: int, order: Order | Run) -> None:
    """Let this worker see its own GPUs only; done once, before CUDA starts."""
    if torch.cuda.is_initialized() or not torch.cuda.is_available():
        return
    wanted = int(order.settings["trainer"]["devices"])
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    seen = named.split(",") if named else [str(i) for i in range(torch.cuda.device_count())]
    own = [seen[(number * wanted + i) % len(seen)] for i in range(min(wanted, len(seen)))]
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(own)
