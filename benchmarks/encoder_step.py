"""One training step of a stacked bidirectional network: ours against the same network with packing.

    python benchmarks/encoder_step.py [--repeats 15]

B=32 sequences of 50 to 100 steps (T=100), F=16 features, H=64 units, 2 layers, one thread. Forward, sum of all outputs,
backward. CPU time (not wall time), the contestants in turn within every repeat, medians and their ratio to packing.
Freed memory is kept by the process, as in a run of seqlab.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seqlab.recurrent.allocator import keep_freed_memory
from seqlab.recurrent.cells import GRU, LSTM, RNN, Cell, CellOptions
from seqlab.recurrent.stack import RecurrentStack

B, T, F, H, LAYERS = 32, 100, 16, 64, 2
FAMILIES: dict[str, tuple[type[Cell], type[nn.RNNBase]]] = {
    "lstm": (LSTM, nn.LSTM),
    "gru": (GRU, nn.GRU),
    "rnn": (RNN, nn.RNN),
}
Step = Callable[[], Tensor]


def ours(cell: type[Cell], x: Tensor, lengths: Tensor) -> Step:
    """Seqlab's stack."""
    stack = RecurrentStack(lambda width: cell(width, H, CellOptions()), F, H, LAYERS, True, 0.0, False, False)

    def step() -> Tensor:
        stack.zero_grad()
        steps, _, _ = stack(x, lengths)
        steps.sum().backward()
        return steps

    return step


def packed(family: type[nn.RNNBase], x: Tensor, lengths: Tensor) -> Step:
    """torch.nn's network over packed sequences."""
    network = family(F, H, LAYERS, batch_first=True, bidirectional=True)  # type: ignore[call-arg]

    def step() -> Tensor:
        network.zero_grad()
        sequences = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        steps, _ = pad_packed_sequence(network(sequences)[0], batch_first=True)
        steps.sum().backward()
        return steps

    return step


def inexact(family: type[nn.RNNBase], x: Tensor) -> Step:
    """torch.nn's network over the padding as if it were data: wrong, but what the kernel costs."""
    network = family(F, H, LAYERS, batch_first=True, bidirectional=True)  # type: ignore[call-arg]

    def step() -> Tensor:
        network.zero_grad()
        steps = network(x)[0]
        steps.sum().backward()
        return steps

    return step


def medians(steps: dict[str, Step], repeats: int) -> dict[str, float]:
    """Median CPU milliseconds of every contestant, taken in turn."""
    seen: dict[str, list[float]] = {name: [] for name in steps}
    for repeat in range(repeats + 2):  # the first two warm up
        for name, step in steps.items():
            start = time.process_time()
            step()
            if repeat > 1:
                seen[name].append(1000 * (time.process_time() - start))
    return {name: statistics.median(times) for name, times in seen.items()}


def main() -> None:
    """Print one table a cell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=15, help="measured repeats (default 15)")
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)
    keep_freed_memory()  # for every contestant alike
    torch.manual_seed(0)
    x, lengths = torch.randn(B, T, F), torch.randint(50, T + 1, (B,))
    lengths[0] = T
    print(f"torch {torch.__version__}, one thread, B={B} T={T} F={F} H={H}, {LAYERS} layers, both directions")
    for name, (cell, family) in FAMILIES.items():
        steps = {"packed": packed(family, x, lengths), "seqlab": ours(cell, x, lengths)}
        steps["padding as data (wrong)"] = inexact(family, x)
        times = medians(steps, repeats)
        print(f"\n{name:<26}{'ms':>8}{'faster than packed':>22}")
        for contestant, milliseconds in times.items():
            print(f"  {contestant:<24}{milliseconds:>8.1f}{times['packed'] / milliseconds:>21.2f}x")


if __name__ == "__main__":
    main()
