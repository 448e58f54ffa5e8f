"""Figures of a comparison draw the numbers that they are given: read back from what matplotlib holds."""

import math
import re

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from seqlab.figures import style
from seqlab.figures.bands import Curves, learning_bands
from seqlab.figures.confusion import draw_confusion_matrix
from seqlab.figures.forest import Line, forest
from seqlab.figures.gradients import gradients_by_arm
from seqlab.figures.looks import log_ticks, look, short_number
from seqlab.figures.over_datasets import Outcome, critical_difference, difference_matrix
from seqlab.figures.replicates import Pair, Strip, paired_lines, replicates, spread
from seqlab.figures.tradeoff import Panel, Point, pareto, tradeoff
from seqlab.figures.tuning import Search, best_against_budget, importances

AWKWARD = ["$x_1^2$", "a $ b", '<script>"&', "日本語", "tab\tand\nline", "", "a\\b_{c}", "x" * 300]
NAN = math.nan


def check(figure, tmp_path) -> None:
    """Both files are written, whole, with nothing cut off at the edges; twice the same."""
    png, svg = tmp_path / "f" / "one.png", tmp_path / "f" / "one.svg"
    style.save(figure, png)
    style.save(figure, svg)
    first = svg.read_bytes()
    style.save(figure, svg)
    assert svg.read_bytes() == first and b"<dc:date>" not in first
    assert sorted(path.name for path in png.parent.iterdir()) == ["one.png", "one.svg"]
    with Image.open(png) as image:
        pixels = np.asarray(image.convert("L"))
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert (border == 255).all(), "something is cut off at the edge"
    assert (pixels < 128).any()


def points(axes, marker=None) -> list[tuple[float, float]]:
    """Places of all marked points."""
    found = []
    for line in axes.lines:
        if line.get_marker() not in ("None", None, "") and (marker is None or line.get_marker() == marker):
            found += [(float(x), float(y)) for x, y in zip(*line.get_data(), strict=True)]
    return found


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text"))]


def a_line(label="b against a", value=1.2, low=0.4, high=2.0, word="better", **more) -> Line:
    return Line(label=label, value=value, low=low, high=high, word=word, numbers="+1.2 (0.4 to 2.0)", **more)


def test_forest_draws_interval_point_and_margin(tmp_path):
    lines = [
        a_line(),
        a_line("c against a", -0.3, -1.1, 0.5, "open", note="num_layers: 1 → 2", group="Depth"),
    ]
    figure = forest(lines, margin=1.0, title="t", note="n", axis="points")
    (axes,) = figure.axes
    assert [x for x, _ in points(axes, "o")] == [1.2, -0.3]
    spans = [tuple(line.get_xdata()) for line in axes.lines if len(line.get_xdata()) == 2]
    assert (0.4, 2.0) in spans and (-1.1, 0.5) in spans
    (band,) = axes.patches
    assert (band.get_x(), band.get_x() + band.get_width()) == (-1.0, 1.0)
    low, high = axes.get_xlim()
    assert low < -1.1 and high > 2.0
    assert {"b against a", "better", "not enough evidence", "Depth", "num_layers: 1 → 2"} <= set(
        texts(figure)
    )
    colours = {to_hex(line.get_color()) for line in axes.lines if line.get_marker() == "o"}
    assert len(colours) == 2
    check(figure, tmp_path)


@pytest.mark.parametrize("margin", [0.0, 1.0])
def test_forest_of_nothing_known(margin, tmp_path):
    lines = [a_line(name, NAN, NAN, NAN, "open") for name in AWKWARD] + [a_line("one", 0.5, NAN, NAN, "open")]
    check(forest(lines, margin=margin, title="t", note="n", axis="x"), tmp_path)


def test_replicates_are_points_with_mean_and_interval(tmp_path):
    values = np.array([90.0, 91.0, NAN, 93.0])
    strips = [
        Strip(name="a", number=0, values=values, mean=91.3, low=89.0, high=94.0),
        Strip(name="b", number=1, values=values + 2, mean=93.3, low=NAN, high=NAN),
    ]
    figure = replicates(strips, references={"MiniRocket": 92.0}, title="t", note="n", axis="accuracy (%)")
    (axes,) = figure.axes
    assert sorted(x for x, _ in points(axes, "o")) == [90, 91, 92, 93, 93, 95]
    assert [x for x, _ in points(axes, "D")] == [91.3, 93.3]
    assert (89.0, 94.0) in [tuple(line.get_xdata()) for line in axes.lines]
    assert [92.0, 92.0] in [list(line.get_xdata()) for line in axes.lines]
    assert "MiniRocket" in texts(figure)
    check(figure, tmp_path)


def test_points_that_would_hide_each_other_are_moved_apart_and_stay_where_they_are_otherwise():
    offsets = spread(np.array([1.0, 1.0, 1.0, 5.0]))
    assert len(set(offsets[:3])) == 3 and offsets[3] == 0
    assert np.abs(spread(np.full(500, 3.0))).max() <= 0.27
    assert list(spread(np.array([2.0]))) == [0.0] and len(spread(np.zeros(0))) == 0


@pytest.mark.parametrize("values", [[], [NAN], [0.5], [0.5] * 40, [1e-12, 1e12]])
def test_replicates_of_odd_values(values, tmp_path):
    strips = [
        Strip(name=name, number=n, values=np.array(values), mean=NAN, low=NAN, high=NAN)
        for n, name in enumerate(AWKWARD)
    ]
    check(replicates(strips, references={"r": NAN}, title="t", note="n", axis="x"), tmp_path)


@pytest.mark.parametrize("higher", [True, False])
def test_paired_lines_join_pairs_and_count_the_better_ones(higher, tmp_path):
    pair = Pair(
        arm="b",
        than="a",
        arm_values=np.array([3.0, 1.0, NAN, 4.0]),
        than_values=np.array([2.0, 2.0, 5.0, 3.0]),
    )
    empty = Pair(arm="c", than="a", arm_values=np.array([NAN]), than_values=np.array([1.0]))
    figure = paired_lines(
        [pair, empty], higher_is_better=higher, pairs_are="seeds", title="t", note="n", axis="x"
    )
    first, second = figure.axes
    assert first.get_title(loc="left") == f"better in {2 if higher else 1} of 3 seeds"
    joined = {
        tuple(line.get_ydata())
        for line in first.lines
        if line.get_linestyle() == "-" and line.get_marker() == "None"
    }
    assert joined == {(2.0, 3.0), (2.0, 1.0), (3.0, 4.0)}
    assert "no pair in common" in [text.get_text() for text in second.texts]
    check(figure, tmp_path)


def test_learning_bands_are_median_lowest_and_highest(tmp_path):
    values = np.array([[0.1, 0.5, 0.9, 0.95], [0.2, 0.4, 0.8, NAN], [0.3, 0.6, 0.7, NAN]])
    figure = learning_bands(
        [Curves(name="a", parts={"train": values, "validation": values - 0.1}), Curves(name="b")],
        measure="accuracy",
        title="t",
        note="n",
    )
    axes, empty = figure.axes
    train = next(line for line in axes.lines if line.get_label() == "train")
    assert list(train.get_xdata()) == [1, 2, 3], "one run of three is no median"
    assert list(train.get_ydata()) == pytest.approx([0.2, 0.5, 0.8])
    corners = axes.collections[0].get_paths()[0].vertices
    assert corners[:, 1].min() == pytest.approx(0.1) and corners[:, 1].max() == pytest.approx(0.9)
    assert "no values" in [text.get_text() for text in empty.texts]
    check(figure, tmp_path)


def test_a_loss_that_falls_far_is_drawn_on_a_logarithmic_axis(tmp_path):
    figure = learning_bands(
        [Curves(name=name, parts={"train": np.array([[3.0, 0.3, 0.01]])}) for name in AWKWARD],
        measure="loss",
        title="t",
        note="n",
    )
    assert figure.axes[0].get_yscale() == "log"
    check(figure, tmp_path)


def test_the_front_is_what_nothing_beats():
    costs, scores = [1.0, 2.0, 2.0, 3.0, 5.0], [70.0, 80.0, 75.0, 78.0, 90.0]
    made = [
        Point(name=f"p{i}", number=i, cost=c, score=s)
        for i, (c, s) in enumerate(zip(costs, scores, strict=True))
    ]
    assert [p.name for p in pareto(made, True)] == ["p0", "p1", "p4"]
    assert [p.name for p in pareto(made, False)] == ["p0"]
    # by the definition
    for higher in (True, False):
        sign = 1 if higher else -1
        by_definition = [
            p.name
            for p in made
            if not any(
                q.cost <= p.cost
                and sign * q.score >= sign * p.score
                and (q.cost < p.cost or sign * q.score > sign * p.score)
                for q in made
            )
        ]
        assert [p.name for p in pareto(made, higher)] == by_definition
    assert (
        pareto(
            [Point(name="x", number=0, cost=NAN, score=1), Point(name="y", number=1, cost=1, score=NAN)], True
        )
        == []
    )


def test_tradeoff_draws_points_where_they_are(tmp_path):
    made = [
        Point(name=f"arm {i}", number=i, cost=10.0**i, score=80 + i, low=78 + i, high=82 + i)
        for i in range(3)
    ]
    same = [Point(name=f"arm {i}", number=i, cost=20_300 + i, score=80 + i) for i in range(3)]
    figure = tradeoff(
        [Panel(axis="parameters", points=made), Panel(axis="seconds", points=same), Panel(axis="none", points=[])],
        higher_is_better=True, title="t", note="n", score_axis="accuracy (%)",
    )  # fmt: skip
    first, second, third = figure.axes
    assert points(first) == [(1.0, 80), (10.0, 81), (100.0, 82)]
    assert first.get_xscale() == "log" and len(second.get_xticks()) >= 2
    front = next(line for line in first.lines if line.get_label() == "front")
    assert list(front.get_ydata())[1:-1] == [80, 81, 82]
    assert {"arm 0", "arm 1", "arm 2"} <= {text.get_text() for text in first.texts}
    assert "not known" in [text.get_text() for text in third.texts]
    check(figure, tmp_path)


def test_names_of_points_do_not_lie_on_each_other(tmp_path):
    made = [
        Point(name=f"an arm named {i}", number=i, cost=100 + 3 * i, score=80 + 0.3 * i, low=79, high=82)
        for i in range(8)
    ]
    figure = tradeoff(
        [Panel(axis="a", points=made)], higher_is_better=True, title="t", note="n", score_axis="s"
    )
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) == 8
    overlaps = [(i, j) for i, a in enumerate(boxes) for j, b in enumerate(boxes[:i]) if a.overlaps(b)]
    assert overlaps == []
    check(figure, tmp_path)


def test_best_against_budget(tmp_path):
    best = np.array([[NAN, 0.5, 0.7], [0.4, 0.6, 0.9], [0.3, 0.4, 0.8]])
    search = Search(
        name="a", number=0, budgets=np.array([1.0, 2, 3]), best=best, trials=np.array([[1, 0.4], [2, 0.2]])
    )
    empty = Search(name="b", number=1, budgets=np.array([1.0]), best=np.array([[NAN]]))
    figure = best_against_budget([search, empty], title="t", note="n", axis="validation accuracy")
    (axes,) = figure.axes
    line = next(line for line in axes.lines if line.get_linestyle() == "-" and len(line.get_xdata()) == 3)
    assert list(line.get_ydata()) == pytest.approx([0.35, 0.5, 0.8])
    assert (2.0, 0.2) in points(axes)
    check(figure, tmp_path)
    check(best_against_budget([empty], title="t", note="n", axis="x"), tmp_path)


def test_importances_are_marks_by_method(tmp_path):
    methods = {
        "PED-ANOVA": {"a": {"lr": 0.8, "dropout": 0.2}, "b": {"lr": 0.6, "dropout": NAN}},
        "fANOVA": {"a": {"lr": 0.5}},
    }
    figure = importances(methods, {"a": 0, "b": 1}, title="t", note="n")
    first, second = figure.axes
    assert sorted(points(first)) == [(0.2, 1.0), (0.6, 0.0), (0.8, 0.0)]
    assert points(second) == [(0.5, 0.0)]
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["PED-ANOVA", "fANOVA"]
    check(figure, tmp_path)


def test_gradients_by_arm(tmp_path):
    norms = 0.5 ** np.arange(20)
    figure = gradients_by_arm(
        {"at initialisation": {"lstm": norms}, "trained": {"lstm": norms * 2, "gru": np.array([0.1, 0.0, NAN])}},
        {"gru": 0, "lstm": 1},
    )  # fmt: skip
    first, second = figure.axes
    assert list(first.lines[0].get_ydata()) == pytest.approx(list(norms))
    assert first.get_xlim()[0] > first.get_xlim()[1], "time runs from left to right"
    assert to_hex(first.lines[0].get_color()) == to_hex(look(1).colour)
    assert len(second.lines) == 2
    check(figure, tmp_path)
    check(gradients_by_arm({"trained": {"a": np.zeros(4)}}, {"a": 0}), tmp_path)
    check(gradients_by_arm({"trained": {"a": 10.0 ** -np.arange(40)}}, {"a": 0}), tmp_path)


def test_critical_difference_places_ranks_and_bars(tmp_path):
    ranks = {"a": 1.4, "b": 1.9, "c": 3.2, "d": 3.5}
    figure = critical_difference(ranks, [("a", "b"), ("c", "d"), ("a",)], title="t", note="n")
    (axes,) = figure.axes
    stems = sorted(line.get_xdata()[0] for line in axes.lines if line.get_label() == "rank")
    assert stems == [1.4, 1.9, 3.2, 3.5]
    bars = [line.get_xdata() for line in axes.lines if line.get_label() == "clique"]
    assert len(bars) == 2 and bars[0][0] <= 1.4 and bars[0][-1] >= 1.9
    assert any("a  1.40" in text for text in texts(figure))
    check(figure, tmp_path)
    many = {f"arm {i}": 1 + i * 0.9 for i in range(40)}
    check(critical_difference(many, [list(many)[:20], list(many)[10:]], title="t", note="n"), tmp_path)


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_difference_matrix_says_every_pair(count, tmp_path):
    names = [f"arm {i}" for i in range(count)]
    outcomes = {
        (a, b): Outcome(gain=float(i - j), wins=7, ties=1, losses=2, p=0.01 if i > j else NAN)
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if i != j
    }
    figure = difference_matrix(names, outcomes, decimals=1, title="t", note="n")
    (axes,) = figure.axes
    said = {tuple(text.get_position()): text.get_text() for text in axes.texts}
    if 1 < count <= 5:
        assert said[(0, 1)] == "+1.0\n7 / 1 / 2\np = 0.01" and said[(1, 0)] == "-1.0\n7 / 1 / 2"
    check(figure, tmp_path)


def test_a_confusion_matrix_can_have_another_title(tmp_path):
    figure = draw_confusion_matrix(np.eye(3, dtype=np.int64), ["a", "b", "c"], "lstm: 3 of 3 right")
    assert "lstm: 3 of 3 right" in texts(figure)
    check(figure, tmp_path)


def test_names_that_plotting_libraries_stumble_over(tmp_path):
    numbers = {name: i for i, name in enumerate(AWKWARD)}
    norms = {name: np.array([1.0, 0.5, 0.1]) for name in AWKWARD}
    made = [Point(name=name, number=i, cost=10.0 + i, score=i) for name, i in numbers.items()]
    pairs = [Pair(arm=a, than=a, arm_values=np.arange(3.0), than_values=np.arange(3.0)) for a in AWKWARD]
    panels = [Panel(axis="$x$", points=made)]
    search = [
        Search(name=a, number=i, budgets=np.array([1.0, 2]), best=np.array([[0.1, 0.2]]))
        for a, i in numbers.items()
    ]
    for figure in (
        gradients_by_arm({"trained": norms}, numbers),
        tradeoff(panels, higher_is_better=True, title="$t", note="n$", score_axis="s"),
        paired_lines(pairs, higher_is_better=True, pairs_are="seeds", title="t", note="n", axis="x"),
        best_against_budget(search, title="t", note="n", axis="x"),
        importances({"$m$": {a: {"$s_1$": 0.4} for a in AWKWARD}}, numbers, title="t", note="n"),
        critical_difference({a: 1.0 + i for a, i in numbers.items()}, [AWKWARD[:3]], title="t", note="n"),
        difference_matrix(AWKWARD, {}, decimals=1, title="t", note="n"),
    ):
        check(figure, tmp_path)


def test_an_svg_holds_no_name_as_markup(tmp_path):
    path = tmp_path / "x.svg"
    style.save(
        forest([a_line('<script>alert("1")</script>')], margin=1, title="<b>", note="&", axis="<i>"), path
    )
    drawn = re.sub(r"<!--.*?-->", "", path.read_text(), flags=re.DOTALL)
    assert "<script" not in drawn and "<b>" not in drawn and "<i>" not in drawn


def test_arms_look_different_from_each_other():
    looks = [look(i) for i in range(21)]
    assert len({(one.colour, one.dash) for one in looks}) == 21
    assert len({(one.colour, one.marker) for one in looks}) == 21


@pytest.mark.parametrize(("low", "high"), [(1, 10), (19_000, 21_500), (0.3, 4e9), (5, 5.2), (1e-6, 2e-6)])
def test_ticks_of_a_logarithmic_axis_are_few_and_inside(low, high):
    ticks = log_ticks(low, high)
    assert 2 <= len(ticks) <= 9 and all(low <= tick <= high for tick in ticks)
    assert len({short_number(tick) for tick in ticks}) == len(ticks)
