"""The page: whole, self-contained, escaped, and silent on what is not known."""

import dataclasses
import hashlib
import math
import re
from base64 import b64decode, b64encode
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from tests.report.example_evidence import ARMS, bare, by_hand, estimate, many_datasets, whole

from seqlab import files
from seqlab.report.effort import Trial
from seqlab.report.evidence import Arm, Contrast, Results, Rules
from seqlab.report.findings import Findings, Standing
from seqlab.report.judging import judge
from seqlab.report.page import write_page
from seqlab.report.page.classes import gathered, matrix_of, most_confused
from seqlab.report.page.effects import pairs_by_setting
from seqlab.report.page.leaderboard import round_ticks
from seqlab.report.page.search import search_of

EVIL = "<script>alert(1)</script>\"'&amp; ü 日本 </style><img src=x onerror=alert(2)>"
VOID = {"meta", "img", "br", "link", "input", "hr"}
SVG_LEAVES = {"line", "path", "circle", "rect"}
ALL = {
    "verdicts", "recurrence", "objections", "runs", "effects", "cost", "curves", "gradients", "confusion", "tuning",
    "trials", "ledger", "register", "rules", "notes", "again",
}  # fmt: skip


class Page(HTMLParser):
    """What a browser would find: elements, texts, and whether every element is closed in its place."""

    def __init__(self, path: Path):
        super().__init__(convert_charrefs=True)
        self.source = path.read_text(encoding="utf-8").replace("<wbr>", "")  # where a long name may break
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(self.source)
        self.close()
        assert self.open == [], "not closed"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in SVG_LEAVES, f"<{tag}/> is no HTML"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data):
        if data.strip():
            self.texts.append((self.open[-1] if self.open else "", " ".join(data.split())))

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def sections(self) -> set[str]:
        return {attributes["id"] for attributes in self.of("section")} - {"leaderboard"}

    @property
    def text(self) -> str:
        return " ".join(text for tag, text in self.texts if tag != "style")


@pytest.fixture(scope="module")
def evidence():
    return whole()


@pytest.fixture(scope="module")
def written(evidence, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    return write_page(evidence, by_hand(evidence), folder)


@pytest.fixture
def undrawn(monkeypatch):
    """Pictures take most of the time; where it is not about them, they are nearly empty files."""
    contents = {".png": b"\x89PNG", ".svg": b"<svg/>"}

    def save(figure, path):
        files.write_bytes(path, contents[path.suffix])

    monkeypatch.setattr("seqlab.figures.style.save", save)


@pytest.fixture(scope="module")
def page(written):
    return Page(written)


def check(path: Path) -> Page:
    """Nothing from outside, nothing that runs, nothing large."""
    found = Page(path)
    assert path.stat().st_size < 10e6
    for tag, attributes in found.elements:
        assert tag not in {"script", "link", "iframe", "object", "embed", "base", "form", "video", "audio"}
        assert not [name for name in attributes if name.startswith("on")], attributes
        assert "style" not in attributes, "the policy forbids it"
        for name in ("src", "srcset", "data", "action", "poster"):
            assert attributes.get(name, "data:image/").startswith("data:image/")
        link = attributes.get("href", attributes.get("xlink:href", "#"))
        assert link.startswith(("#", "figures/", "tables/", "report.md", "replicates.parquet")), link
        if link.startswith("#"):
            assert link == "#" or f'id="{link[1:]}"' in found.source
        else:
            assert (path.parent / link).is_file()
    css = re.search(r"<style>(.*?)</style>", found.source, re.DOTALL)
    assert css is not None and "url(" not in css[1] and "@import" not in css[1]
    (policy,) = [m["content"] for m in found.of("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    digest = b64encode(hashlib.sha256(css[1].encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for image in found.of("img"):
        kind, _, content = image["src"].partition(";base64,")
        drawn = b64decode(content)
        assert image["alt"] and int(image["width"]) > 100 and int(image["height"]) > 50
        assert drawn.startswith(b"\x89PNG") if kind == "data:image/png" else b"<svg" in drawn
        if kind == "data:image/svg+xml":
            assert not re.search(rb"<script|<image[^>]+href=\"(?!data:)|http-equiv|<text", drawn)
            assert set(re.findall(rb'href="([^"]{5})', drawn)) <= {b"#Deja", b"data:"} | {
                h for h in re.findall(rb'href="([^"]{5})', drawn) if h.startswith(b"#")
            }
    return found


def test_it_is_one_file_that_needs_nothing(written):
    check(written)
    assert written.name == "report.html"


def test_it_has_every_section_with_a_sentence_on_how_to_read_it(page):
    assert page.sections == ALL
    assert page.source.count('<p class="how">') >= len(ALL)
    anchors = {attributes["href"] for attributes in page.of("a") if attributes["href"].startswith("#")}
    assert {f"#{key}" for key in ALL} <= anchors


def test_the_first_screen_answers(page, evidence):
    findings = by_hand(evidence)
    before = page.text[: page.text.index("The contrasts named before the first trial")]
    for words in (evidence.question, findings.answer, findings.sure, "One data set"):
        assert words in before
    for line in findings.standings:
        assert line.name in before
    assert "1.5×" in before, "prices of the contrasts"


def test_a_single_contrast_has_its_price_in_a_sentence(evidence, tmp_path, undrawn):
    findings = by_hand(evidence)
    findings = dataclasses.replace(findings, primary=findings.primary[:1])
    assert findings.costs in check(write_page(evidence, findings, tmp_path)).text


def test_every_verdict_is_there_with_what_belongs_to_it(page, evidence):
    findings = by_hand(evidence)
    for verdict in [*findings.primary, *findings.exploratory]:
        assert verdict.sentence in page.text
    for words in (
        "about 12 more seeds",
        "2.1 times the latency",
        "for these configurations",
        "seeds 30 %",
        "0.41",
    ):
        assert words in page.text


def test_leaderboard_places_intervals_on_one_axis(page, evidence):
    """Places in the strips are linear in the scores."""
    findings = by_hand(evidence)
    strips = re.findall(r'<tr class="(?:arm|reference)">.*?</tr>', page.source, re.DOTALL)
    assert len(strips) == len(findings.standings)
    assert sum('class="reference"' in strip for strip in strips) == len(evidence.references)
    scores, places = [], []
    for line, strip in zip(findings.standings, strips, strict=True):
        mark = re.search(r'<svg x="([\d.]+)%"', strip)
        if mark is not None:
            scores.append(line.score.value)
            places.append(float(mark[1]))
        ends = re.search(r'<line x1="([\d.]+)%" x2="([\d.]+)%" y1="15"', strip)
        if ends is not None and mark is not None:
            scores += [line.score.low, line.score.high]
            places += [float(ends[1]), float(ends[2])]
    slope, shift = np.polyfit(scores, places, 1)
    assert np.allclose(slope * np.array(scores) + shift, places, atol=0.05) and slope > 0
    assert 'd="M1 0L9-5V5Z"' in strips[-1], "the majority class is off the axis"


def test_figures_are_files_too(written, page):
    names = {path.name for path in (written.parent / "figures").iterdir()}
    stems = {name.rpartition(".")[0] for name in names}
    assert names == {f"{stem}.{kind}" for stem in stems for kind in ("png", "svg")}
    assert {
        "contrasts", "pairs_exploratory", "runs", "pairs", "effects", "cost", "curves_accuracy", "curves_loss",
        "gradients", "budget", "importances", *(f"confusion_{arm}" for arm in ARMS),
    } == stems  # fmt: skip
    assert len(page.of("img")) == len(stems)


def test_the_same_evidence_makes_the_same_page(written, evidence, tmp_path):
    again = write_page(evidence, by_hand(evidence), tmp_path)
    assert again.read_bytes() == written.read_bytes()
    for path in (written.parent / "figures").iterdir():
        assert (tmp_path / "figures" / path.name).read_bytes() == path.read_bytes()


def test_figures_of_an_earlier_page_are_gone(tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "old.png").write_bytes(b"")
    write_page(bare(), by_hand(bare()), tmp_path)
    assert not (tmp_path / "figures" / "old.png").exists()


def test_tables_are_linked_if_they_are_there(tmp_path):
    findings = by_hand(bare())
    assert "Files beside this page" not in Page(write_page(bare(), findings, tmp_path)).text
    (tmp_path / "tables").mkdir()
    for name in ("leaderboard.csv", "verdicts.tex", "a b&c.csv"):
        (tmp_path / "tables" / name).write_text("x")
    (tmp_path / "report.md").write_text("x")
    found = Page(write_page(bare(), findings, tmp_path))
    links = {attributes["href"] for attributes in found.of("a") if not attributes["href"].startswith("#")}
    assert {"tables/leaderboard.csv", "tables/verdicts.tex", "tables/a%20b%26c.csv", "report.md"} <= links
    assert "all verdicts, with everything they rest on, as LaTeX" in found.text


def test_a_page_with_hardly_anything(tmp_path):
    found = check(write_page(bare(), by_hand(bare()), tmp_path))
    assert found.sections == {"verdicts", "objections", "rules"}
    assert "nan" not in found.text.lower().replace("finance", "")


def test_names_are_shown_as_they_are_and_run_nowhere(evidence, tmp_path):
    arms = [dataclasses.replace(arm, name=EVIL if arm.name == "lstm" else arm.name) for arm in evidence.arms]

    def renamed(mapping):
        return {EVIL if name == "lstm" else name: value for name, value in mapping.items()}

    results = evidence.results[0]
    assert results.items is not None
    items = dataclasses.replace(
        results.items,
        predicted=renamed(results.items.predicted),
        classes=[EVIL, *list(results.items.classes)[1:]],
    )
    evil = dataclasses.replace(
        evidence,
        title=EVIL,
        question=EVIL,
        arms=[dataclasses.replace(a, words=EVIL, command=EVIL, chosen={EVIL: EVIL}) for a in arms],
        results=[dataclasses.replace(results, dataset=EVIL, scores=renamed(results.scores), items=items)],
        contrasts=[
            dataclasses.replace(
                c,
                arm=EVIL if c.arm == "lstm" else c.arm,
                than=EVIL if c.than == "lstm" else c.than,
                differs=EVIL,
            )
            for c in evidence.contrasts
        ],
        references=[dataclasses.replace(r, name=EVIL, dataset=EVIL) for r in evidence.references[:1]],
        curves=renamed(evidence.curves),
        gradients={EVIL: {EVIL: np.array([1.0, 0.5])}},
        ledger=[dataclasses.replace(row, arm=EVIL, states={EVIL: 1}) for row in evidence.ledger],
        register=[dataclasses.replace(row, who=EVIL, what=EVIL, when=EVIL) for row in evidence.register],
        commands=[EVIL],
        versions={EVIL: EVIL},
        source=EVIL,
        notes=[EVIL],
        rules=dataclasses.replace(evidence.rules, rules=[EVIL], width_words=EVIL),
        tuning=dataclasses.replace(
            evidence.tuning,
            trials=[dataclasses.replace(evidence.tuning.trials[0], arm=EVIL, state="failed", reason=EVIL)],
            space={EVIL: EVIL},
            importances={EVIL: {EVIL: {EVIL: 0.5}}},
            notes=[EVIL],
        ),
    )  # fmt: skip
    findings = by_hand(evil)
    findings = dataclasses.replace(findings, answer=EVIL, sure=EVIL, costs=EVIL, cautions=[EVIL])
    found = check(write_page(evil, findings, tmp_path))
    assert found.text.count(EVIL) > 20
    assert {path.suffix for path in (tmp_path / "figures").iterdir()} == {".png", ".svg"}
    for path in (tmp_path / "figures").glob("*.svg"):
        drawn = re.sub(r"<!--.*?-->", "", path.read_text(), flags=re.DOTALL)
        assert "<script" not in drawn and "<img" not in drawn


def without(evidence, **changes):
    return dataclasses.replace(evidence, **changes)


@pytest.mark.parametrize(
    ("changes", "gone"),
    [
        ({"curves": {}}, {"curves"}),
        ({"gradients": {}}, {"gradients"}),
        ({"tuning": None}, {"tuning", "trials"}),
        ({"ledger": (), "register": (), "notes": ()}, {"ledger", "register", "notes"}),
        ({"references": ()}, {"recurrence"}),
    ],
)
def test_what_is_not_known_is_left_out(evidence, tmp_path, undrawn, changes, gone):
    less = without(evidence, **changes)
    less = without(less, results=[dataclasses.replace(less.results[0], items=None)])
    found = check(write_page(less, by_hand(less), tmp_path))
    assert found.sections == ALL - gone - {"confusion"}


def test_nothing_but_nan(evidence, tmp_path):
    nan = {arm: np.full(10, math.nan) for arm in ARMS}
    results = Results(dataset="d", pairs=[str(i) for i in range(10)], scores=nan)
    broken = without(
        evidence,
        results=[results],
        references=[],
        gradients={"lstm": {"trained": np.array([math.nan, 0.0])}},
        curves={"lstm": [[{"epoch": 1, "train": {"loss": None}, "validation": {}}], []]},
        arms=[dataclasses.replace(a, cost={"parameters": math.nan, "seconds": 0.0}) for a in evidence.arms],
        tuning=dataclasses.replace(
            evidence.tuning,
            trials=[
                dataclasses.replace(t, value=math.nan if t.value else None)
                for t in evidence.tuning.trials[:9]
            ],
            importances={"lstm": {"fANOVA": {"lr": math.nan}}},
        ),
    )
    check(write_page(broken, judge(broken), tmp_path))


def test_no_arm_no_result_no_finding(tmp_path):
    empty = without(bare(), arms=[], results=[], contrasts=[])
    findings = Findings(
        answer="There is no score to compare.", sure="", costs="", standings=[], primary=[], exploratory=[],
        recurrence={}, over=None, cautions=[],
    )  # fmt: skip
    assert check(write_page(empty, findings, tmp_path)).sections == {"rules"}


@pytest.mark.parametrize("datasets", [4, 14])
def test_several_data_sets(datasets, tmp_path):
    several = many_datasets(datasets)
    found = check(write_page(several, judge(several), tmp_path))
    assert {"datasets", "verdicts", "runs"} <= found.sections
    assert (tmp_path / "figures" / "critical_difference.svg").exists() == (datasets >= 10)
    assert (tmp_path / "figures" / "differences.svg").exists()
    assert "set 03" in found.text
    assert ("mean rank" in found.text) == (datasets >= 10)


def test_where_less_is_better_a_lower_arm_lies_to_the_right(tmp_path, monkeypatch):
    from seqlab.figures.forest import forest
    from seqlab.report.page import verdicts

    drawn = []
    monkeypatch.setattr(
        verdicts, "forest", lambda lines, **more: drawn.extend(lines) or forest(lines, **more)
    )
    rng = np.random.default_rng(0)
    base = rng.normal(3.0, 0.1, 8)
    scores = {"a": base, "b": base - 1 + rng.normal(0, 0.05, 8)}
    less = without(
        bare(),
        results=[Results(dataset="", pairs=[str(i) for i in range(8)], scores=scores)],
        rules=Rules(metric="rmse", higher_is_better=False, margin=0.1),
    )  # fmt: skip
    found = check(write_page(less, judge(less), tmp_path))
    assert drawn[0].value == pytest.approx(1, abs=0.1) and drawn[0].low < drawn[0].value < drawn[0].high
    assert "rmse, lower by" not in found.text, "axes are in the figures"
    assert drawn[0].word == "better" and drawn[0].numbers.startswith("+")


def test_pairs_that_differ_in_one_setting(evidence):
    found = pairs_by_setting(evidence)
    named = {key: {(a.name, b.name) for a, b in pairs} for key, pairs in found.items()}
    assert named == {
        "num_layers": {("lstm_stacked", "lstm"), ("bilstm_stacked", "bilstm")},
        "bidirectional": {("bilstm", "lstm"), ("bilstm_stacked", "lstm_stacked")},
    }
    set_widths = without(evidence, rules=dataclasses.replace(evidence.rules, width="compared"))
    assert pairs_by_setting(set_widths) == {}, "widths differ, too"
    cells = [
        Arm(name=cell, settings={"cell": cell, "dropout": i}, chosen={"model.dropout": i})
        for i, cell in enumerate(("lstm", "rnn", "gru"))
    ]
    deep = [Arm(name=str(n), settings={"num_layers": n}) for n in (5, 1, 2, 3, 6, 4)]
    by_depth = pairs_by_setting(without(evidence, arms=deep))["num_layers"]
    assert {(a.name, b.name) for a, b in by_depth} == {
        ("2", "1"),
        ("3", "2"),
        ("4", "3"),
        ("5", "4"),
        ("6", "5"),
    }
    by_cell = pairs_by_setting(without(evidence, arms=cells))
    assert {(a.name, b.name) for a, b in by_cell["cell"]} == {
        ("lstm", "rnn"),
        ("lstm", "gru"),
        ("gru", "rnn"),
    }


def test_confusion_over_replicates_and_the_most_confused_classes(evidence):
    items = evidence.results[0].items
    matrix = matrix_of(items, "lstm")
    predicted = items.predicted["lstm"]
    assert matrix.sum() == predicted.size
    assert matrix[2, 3] == ((items.truth == 2) & (predicted == 3)).sum()
    kept = most_confused([matrix], 3)
    wrong = matrix - np.diag(np.diag(matrix))
    weight = wrong.sum(0) + wrong.sum(1)
    assert set(weight[kept]) == set(np.sort(weight)[-3:])
    small = gathered(matrix, kept)
    assert small.sum() == matrix.sum() and small[0, 1] == matrix[kept[0], kept[1]]
    rest = [c for c in range(len(matrix)) if c not in kept]
    assert small[3, 3] == matrix[np.ix_(rest, rest)].sum()
    broken = dataclasses.replace(items, predicted={"lstm": np.full_like(predicted, -1)})
    assert matrix_of(broken, "lstm").sum() == 0


def test_best_so_far_goes_by_number_and_expected_best_over_all_orders(evidence):
    def trial(number, value, state="complete", tuning=0):
        return Trial(
            arm="a", number=number, state=state, value=value, parameters={}, epochs=1, seconds=1.0, tuning=tuning
        )  # fmt: skip

    values = [
        trial(2, 0.9),
        trial(0, 0.5),
        trial(1, None, "diverged"),
        trial(3, 0.7),
        trial(4, None, "failed"),
    ]
    tuning = dataclasses.replace(evidence.tuning, trials=values)
    found = search_of("a", 0, tuning, random=False)
    assert found is not None and found.best.tolist() == [[0.5, 0.5, 0.9, 0.9]]
    expected = search_of("a", 0, tuning, random=True)
    pool = [0.5, 0.5, 0.7, 0.9]  # what diverged counts as the worst
    pairs = [max(a, b) for i, a in enumerate(pool) for b in pool[:i]]
    assert expected is not None
    assert expected.best[0] == pytest.approx([np.mean(pool), np.mean(pairs), expected.best[0][2], 0.9])
    again = dataclasses.replace(tuning, trials=[*values, trial(0, 0.8, tuning=1)])
    two = search_of("a", 0, again, random=False)
    assert two is not None and two.best.shape == (2, 4) and np.isnan(two.best[1, 1:]).all()
    assert search_of("nobody", 0, tuning, random=False) is None


@pytest.mark.parametrize(("low", "high"), [(91.2, 98.3), (0, 1), (-3, 1e-3), (0.9999, 1.0001), (1e6, 9e6)])
def test_ticks_are_round_few_and_inside(low, high):
    ticks = round_ticks(low, high)
    assert 2 <= len(ticks) <= 7 and all(low - 1e-9 <= tick <= high * 1.0000001 + 1e-9 for tick in ticks)
    steps = np.diff(ticks)
    assert np.allclose(steps, steps[0])


def test_very_many_arms_are_folded_and_cut(tmp_path, undrawn):
    names = [f"arm {i:03d}" for i in range(90)]
    rng = np.random.default_rng(1)
    scores = {name: rng.normal(0.9, 0.01, 3) for name in names}
    contrasts = [Contrast(name="", arm=b, than=a, primary=False) for a in names[:20] for b in names[20:40]]
    large = without(
        bare(),
        arms=[Arm(name=name, cost={"parameters": 10.0 + i}) for i, name in enumerate(names)],
        results=[Results(dataset="d", pairs=["1", "2", "3"], scores=scores)],
        contrasts=contrasts,
        rules=Rules(metric="accuracy"),
    )
    found = check(write_page(large, by_hand(large), tmp_path))
    best = max(names, key=lambda name: scores[name].mean())
    paired = any(best in (c.arm, c.than) for c in contrasts)
    drawn = (
        f"Drawn are the pairs of {best}; there are 400 in all"
        if paired
        else "Drawn are the first 40 of 400 pairs"
    )
    assert "65 more lines" in found.text and drawn in found.text and "400 pairs as a table" in found.text
    assert all(name in found.text for name in names)


def test_data_sets_without_anything_over_them_are_named_in_the_leaderboard(tmp_path, undrawn):
    two = many_datasets(2)
    lines = [
        Standing(name=name, dataset=r.dataset, score=estimate(s), middle=math.nan, values=list(s))
        for r in two.results
        for name, s in r.scores.items()
    ]
    findings = Findings(
        answer="x", sure="y", costs="", standings=lines, primary=[], exploratory=[], recurrence={}, over=None,
        cautions=[],
    )  # fmt: skip
    found = check(write_page(two, findings, tmp_path))
    assert "on set 01" in found.text and "on set 02" in found.text


@pytest.mark.slow
def test_a_large_comparison_stays_small(tmp_path):
    large = whole([f"arm {i}" for i in range(12)], R=50, N=1000, C=100, trials=840, sampler="random")
    assert len(large.tuning.trials) > 10_000
    path = write_page(large, by_hand(large), tmp_path)
    assert path.stat().st_size < 10e6
    check(path)
