"""What stands on the screen before and while a sweep runs."""

import io
import re
import threading

import pytest

from seqlab.sweep.view import SweepScreen

ESCAPE = re.compile(r"\x1b\[(\d*)([A-Za-z])|\x1b\[[\d;]*m")


class Glass(io.StringIO):
    """A terminal that knows what the live table uses: up and to the start (F), clear below (J), colours."""

    def lines(self) -> list[str]:
        shown, row = [""], 0
        for piece in re.split(r"(\n|\x1b\[[\d;]*[A-Za-z])", self.getvalue()):
            if piece == "\n":
                row += 1
                shown += [""] * (row - len(shown) + 1)
            elif piece.endswith("F") and piece.startswith("\x1b"):
                row -= int(piece[2:-1])
                assert row >= 0
            elif piece.endswith("J") and piece.startswith("\x1b"):
                shown = [*shown[:row], ""]
            elif not piece.startswith("\x1b"):
                shown[row] += piece
        return shown


@pytest.fixture
def terminal(monkeypatch):
    """A terminal of the size asked for."""

    def sized(width: int, height: int) -> Glass:
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setenv("LINES", str(height))
        glass = Glass()
        glass.isatty = lambda: True  # type: ignore[method-assign]
        return glass

    return sized


def before(sweep, rows=()) -> str:
    stream = io.StringIO()
    SweepScreen(stream).before(sweep, 2, rows)
    return stream.getvalue()


def test_the_question_and_its_cost_are_said_before(tmp_path, sweep_in, trial):
    sweep = sweep_in(
        tmp_path,
        arms=("lstm", "gru"),
        constraints=["cost.parameters <= 200000"],
        budget={"trials": 15, "hours": 2},
        pruner={"name": "median"},
    )
    text = before(sweep, [trial(0, 0.5), trial(1, state="failed", arm="gru")])
    assert "\x1b" not in text
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for line in (
        "question Is [width] worth it?",
        "gru model=gru",
        "space optimizer.lr 0.0001 to 0.1 (log)",
        "model.dropout 0 to 0.5 when model.num_layers > 1",
        "objective validation.accuracy, more is better",
        "constraints cost.parameters <= 200000",
        "budget 15 trials an arm, 30 in all; at most 2 hours of training an arm; 1 done already",
        "workers 2",
        f"directory {tmp_path}",
    ):
        assert line in lines
    assert "hidden" not in text  # a secret among the fixed settings
    assert "search, not a comparison" not in text


def test_a_joint_search_over_architectures_calls_itself_a_search(tmp_path, sweep_in):
    joint = {"model.num_layers": {"type": "int", "low": 1, "high": 3}}
    text = before(sweep_in(tmp_path, space=joint))
    assert "a search, not a comparison" in text and "To compare num_layers, give each value an arm" in text


def test_a_plain_line_says_what_became_of_each_trial(tmp_path, sweep_in, trial):
    stream = io.StringIO()
    screen = SweepScreen(stream, live=False)
    screen.before(
        sweep_in(tmp_path, arms=("lstm", "gru"), budget={"trials": 3}), 1, [trial(0, 0.4, arm="gru")]
    )
    start = len(stream.getvalue())
    rows = [trial(0, 0.4, arm="gru"), trial(0, 0.9444, arm="lstm")]
    screen.update(rows, 60.0)
    screen.update(rows, 61.0)  # said once
    rows.append(trial(1, 0.3, "pruned", arm="lstm", epochs=2))
    screen.update(rows, 120.0)
    rows.append(trial(1, state="failed", arm="gru", reason="killed [signal 9]\nwith a second line"))
    screen.update(rows, 180.0)
    rows.append(trial(2, arm="gru"))  # has begun, not ended
    screen.update(rows, 190.0)
    assert stream.getvalue()[start:].splitlines() == [
        "trial 0 lstm: 0.944 (best 0.944)  lr=0.01 dropout=0.25  2/6 done, 24 s left",
        "trial 1 lstm: pruned at 0.300 after 2 epochs  lr=0.01 dropout=0.25  3/6 done, 18 s left",
        "trial 1 gru: failed: killed [signal 9] with a second line  lr=0.01 dropout=0.25  3/6 done, 18 s left",
    ]


def test_trials_that_end_together_are_told_as_it_stood_when_each_ended(tmp_path, sweep_in, trial):
    stream = io.StringIO()
    screen = SweepScreen(stream, live=False)
    screen.before(sweep_in(tmp_path, budget={"trials": 3}), 1)
    screen.update([trial(0, 0.5), trial(1, 0.7), trial(2, 0.9)], 10.0)
    lines = [line for line in stream.getvalue().splitlines() if line.startswith("trial ")]
    assert [line.partition(")")[0] for line in lines] == [
        "trial 0: 0.500 (best 0.500", "trial 1: 0.700 (best 0.700", "trial 2: 0.900 (best 0.900",
    ]  # fmt: skip
    assert [f"{n}/3 done" in line for n, line in enumerate(lines, 1)] == [True] * 3


def test_quick_trials_are_thinned_out_but_none_is_forgotten(tmp_path, sweep_in, trial):
    stream = io.StringIO()
    screen = SweepScreen(stream, live=False)
    screen.before(sweep_in(tmp_path, budget={"trials": 500}), 1)
    start = len(stream.getvalue())
    rows = []
    for number in range(400):  # ten a second
        rows.append(trial(number, 0.5))
        screen.update(rows, number / 10)
    screen.after(rows, 40.0, arms=[], words_of=lambda row: [])
    lines = [line for line in stream.getvalue()[start:].splitlines() if line.startswith("trial ")]
    assert 20 <= len(lines) <= 40
    more = [int(match[1]) for match in map(re.compile(r"\((\d+) more ended\)$").search, lines) if match]
    assert sum(more) + len(lines) == 400
    assert "400/500 done" in lines[-1]


def test_the_live_table_is_redrawn_in_place(tmp_path, terminal, sweep_in, trial):
    glass = terminal(100, 30)
    screen = SweepScreen(glass, live=True)
    screen.before(sweep_in(tmp_path, arms=("lstm", "gru"), budget={"trials": 10}), 2)
    head = len(glass.lines())
    rows = [trial(0, arm="lstm"), trial(0, arm="gru")]
    screen.update(rows, 1.0)
    rows = [
        trial(0, 0.9, arm="lstm", seconds=8.0),
        trial(0, state="diverged", arm="gru", seconds=8.0),
        trial(1, arm="gru"),
    ]
    screen.update(rows, 60.0)
    shown = glass.lines()[head - 1 :]
    assert [" ".join(line.split()) for line in shown] == [
        "widths 2 of 20 trials, 2 a minute, 70 s left",
        "arm done pruned diverged failed running best with",
        "lstm 1 0 0 0 0 0.9000 lr=0.01 dropout=0.25",
        "gru 0 0 1 0 1 -",
        "best 0.9000 trial 0 of lstm lr=0.01 dropout=0.25",
        "",
    ]


def test_notes_and_failures_stand_above_the_live_table(tmp_path, terminal, sweep_in, trial):
    glass = terminal(100, 30)
    screen = SweepScreen(glass, live=True)
    screen.before(sweep_in(tmp_path), 2)
    head = len(glass.lines())
    screen.update([trial(0)], 1.0)
    screen.note("W&B is [offline]")
    screen.update([trial(0, state="failed", reason="out of memory")], 2.0)
    shown = glass.lines()[head - 1 :]
    assert shown[0] == "W&B is [offline]"
    assert shown[1].startswith("trial 0: failed: out of memory")
    assert shown[2].startswith("widths  ")
    assert sum(line.startswith("widths  ") for line in shown) == 1


@pytest.mark.parametrize(("width", "height"), [(80, 12), (50, 8), (30, 6)])
def test_the_live_table_fits_the_terminal(tmp_path, terminal, width: int, height: int, sweep_in, trial):
    names = tuple(f"a-very-long-name-{n}" for n in range(40))
    glass = terminal(width, height)
    screen = SweepScreen(glass, live=True)
    screen.before(sweep_in(tmp_path, arms=names), 2)
    head = len(glass.lines())
    rows = [trial(0, n / 100, arm=name) for n, name in enumerate(names)]
    screen.update([*rows, trial(1, arm=names[3])], 10.0)
    shown = glass.lines()[head - 1 :]
    assert len(shown) <= height
    assert all(len(line) < width for line in shown)
    assert any("more arms" in line for line in shown)
    if height == 12:  # of 40 those that run and the best
        arms = [line.split()[0] for line in shown if line.startswith("a-very")]
        assert arms == [names[3], *names[35:]]


def test_the_table_goes_when_the_summary_comes(tmp_path, terminal, sweep_in, trial):
    glass = terminal(100, 30)
    screen = SweepScreen(glass, live=True)
    screen.before(sweep_in(tmp_path), 2)
    screen.update([trial(0)], 1.0)
    screen.after([trial(0, 0.5)], 2.0, arms=[], words_of=lambda row: ["seed=0"], stopped="by [SIGINT]")
    shown = glass.lines()
    assert "running" not in "\n".join(shown)
    assert "stopped: by [SIGINT]" in shown


def test_threads_do_not_tear_the_table(tmp_path, terminal, sweep_in, trial):
    glass = terminal(100, 30)
    screen = SweepScreen(glass, live=True)
    screen.before(sweep_in(tmp_path), 2)
    head = len(glass.lines())

    def chatter(name: str) -> None:
        for number in range(50):
            screen.note(f"{name} {number}")
            screen.update([trial(0)], float(number))

    threads = [threading.Thread(target=chatter, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shown = glass.lines()[head - 1 :]
    assert sum(line.startswith(("one ", "two ")) for line in shown) == 100
    assert sum(line.startswith("widths  ") for line in shown) == 1
