"""Figures come out whole and silent for every size and for names that plotting libraries stumble over."""

import math
import threading

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from seqlab.figures import confusion_matrix, gradient_profile, learning_curves, style

AWKWARD = [
    "$x_1^2$",
    "a $ b",
    '"quoted"',
    "ü ß é",
    "🎈 party",
    "日本語",
    "tab\tand\nline",
    "",
    "a\\b_{c}",
    "e\u0301",
    "x" * 300,
]


def rows(epochs: int, loss=lambda e: 1 / e, accuracy=lambda e: 1 - 1 / (e + 1)):
    scores = [{"loss": loss(e), "accuracy": accuracy(e), "auroc": None} for e in range(1, epochs + 1)]
    return [{"epoch": e, "train": s, "validation": s} for e, s in enumerate(scores, start=1)]


def check(path, capfd) -> Image.Image:
    assert capfd.readouterr() == ("", "")
    assert [p.name for p in path.parent.iterdir()] == [path.name]  # no drafts left behind
    with Image.open(path) as image:
        image.load()
        assert image.format == "PNG"
        pixels = np.asarray(image.convert("L"))
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert (border == 255).all(), "something is cut off at the edge"
    assert (pixels < 128).any()
    return image


@pytest.mark.parametrize("monitor", ["accuracy", "loss", "auroc"])
@pytest.mark.parametrize("epochs", [1, 50])
def test_learning_curves(tmp_path, capfd, monitor, epochs):
    path = tmp_path / "figures" / "curves.png"
    learning_curves(rows(epochs), monitor, max(1, epochs - 3), path)
    check(path, capfd)


@pytest.mark.parametrize("loss", [math.nan, math.inf, None, 0.0, 1e30])
def test_learning_curves_of_runs_that_went_wrong(tmp_path, capfd, loss):
    path = tmp_path / "figures" / "curves.png"
    learning_curves(rows(5, loss=lambda e: loss if e > 2 else 1.0), "accuracy", 2, path)
    check(path, capfd)


def test_learning_curves_without_a_row(tmp_path, capfd):
    path = tmp_path / "figures" / "curves.png"
    learning_curves([], "accuracy", 1, path)
    check(path, capfd)


@pytest.mark.parametrize("classes", [1, 2, 20, 21, 60])
def test_confusion_matrix(tmp_path, capfd, classes):
    path = tmp_path / "figures" / "confusion.png"
    matrix = np.random.default_rng(0).integers(0, 30, size=(classes, classes))
    confusion_matrix(matrix, [f"class {c}" for c in range(classes)], path)
    image = check(path, capfd)
    assert max(image.size) < 2200


def test_confusion_matrix_of_nothing_and_of_large_numbers(tmp_path, capfd):
    for name, matrix in (("none", np.zeros((3, 3), int)), ("many", np.full((3, 3), 123456789))):
        path = tmp_path / name / "confusion.png"
        confusion_matrix(matrix, ["a", "b", "c"], path)
        check(path, capfd)


def test_awkward_names_are_drawn_without_a_word(tmp_path, capfd):
    path = tmp_path / "figures" / "confusion.png"
    confusion_matrix(np.eye(len(AWKWARD), dtype=int), AWKWARD, path)
    check(path, capfd)
    path = tmp_path / "more" / "profile.png"
    gradient_profile({name: np.array([1.0, 0.5, 0.1]) for name in AWKWARD[:4]}, path)
    check(path, capfd)


@pytest.mark.parametrize(
    "profile",
    [
        10.0 ** -np.arange(29), np.linspace(0.02, 0.05, 29), np.array([0.3]), np.zeros(4), np.array([1.0, 0.0, 1e-320]),
        np.array([1.0, math.nan, math.inf]), np.full(5, 1e-3), 0.9 ** np.arange(3000),
    ],
)  # fmt: skip
def test_gradient_profile(tmp_path, capfd, profile):
    path = tmp_path / "figures" / "profile.png"
    gradient_profile({"at initialisation": profile, "at the best epoch": profile * 2}, path)
    check(path, capfd)


def test_a_vanishing_gradient_is_cut_and_told():
    from seqlab.figures.gradients import _note

    vanishing = 10.0 ** -np.arange(45)
    assert "a, the median is below 1e-12 of the largest from 13 steps before the end on" in _note(
        {"a": vanishing}
    )
    assert "from 14 steps" in _note({"a": np.array([0.1, *vanishing]), "b": np.ones(9)})
    assert "44 steps before the end is 0.01 times" in _note({"a": np.linspace(1, 0.01, 45)})


def test_figures_share_no_state(tmp_path):
    before = dict(mpl.rcParams)
    errors: list[BaseException] = []

    def draw(number: int) -> None:
        try:
            learning_curves(rows(5), "accuracy", 3, tmp_path / f"{number}.png")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=draw, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and dict(mpl.rcParams) == before
    assert len({p.read_bytes() for p in tmp_path.glob("*.png")}) == 1


def test_long_names_keep_both_ends():
    assert style.shorten("short", 26) == "short"
    short = style.shorten("the beginning of a very long name and its end 17", 26)
    assert len(short) <= 26 and short.startswith("the begin") and short.endswith("end 17")


def test_learning_curves_without_validation(tmp_path, capfd):
    rows = [
        {"epoch": n, "train": {"loss": 1 / n, "accuracy": 1 - 1 / n}, "validation": {}} for n in range(1, 9)
    ]
    path = tmp_path / "curves.png"
    learning_curves(rows, "accuracy", 8, path)
    assert path.stat().st_size > 1000 and capfd.readouterr().err == ""
