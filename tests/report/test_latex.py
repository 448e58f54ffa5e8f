"""LaTeX sets every name as it stands: read back by the rules of TeX, and compiled where there is a TeX."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from seqlab.report.judging import judge
from seqlab.report.latex import as_latex, escape_latex
from seqlab.report.tables import write_tables

RNG = np.random.default_rng(5)
NAMES = (
    r"a_b & 50% #1 \x {y} $z^2~", 'say "hi"', "<b>bold</b>", "[1] first", "*star", "--- ''x'' ,, ?`", "a|b `c` 'd'",
    "-5", "größer ł Ž ı", "δ ≤ ∞ ±", "网络 🙂 Þ «x»", "tab\tnew\nline", "e\u0301", "\u202eturned", "x\u200by",
    "half \ud83d",
)  # fmt: skip
# What TeX makes of the commands that are used.
COMMANDS = {
    "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^", "textless": "<", "textgreater": ">",
    "textbar": "|", "char34": '"',
}  # fmt: skip


def set_by_tex(text: str) -> str:
    """What TeX sets for text without mathematics: commands, groups, and the blanks that a command swallows."""
    found, place = "", 0
    while place < len(text):
        command = re.compile(r"\\([a-zA-Z]+(?:34)?) *|\\(.)").match(text, place)
        if command:
            found += COMMANDS[command[1]] if command[1] else command[2]
            place = command.end()
        else:
            assert text[place] not in "%&#$_^~\\", f"{text[place]} is a command of its own in {text!r}"
            found += "" if text[place] in "{}" else text[place]
            place += 1
    return found


@pytest.mark.parametrize("seed", range(20))
def test_any_ascii_is_set_as_it_stands(seed: int):
    letters = np.random.default_rng(seed).choice([chr(code) for code in range(33, 127)], 60)
    text = "".join(letter + " " * (n % 7 == 0) for n, letter in enumerate(letters)).strip()
    escaped = escape_latex(text).replace(r"\ensuremath{-}", "-")
    assert set_by_tex(escaped) == text
    assert not re.search(r"--|''|``|,,|[?!]`", escaped), "no ligatures"


def test_no_cell_begins_with_what_the_end_of_a_row_would_take():
    rows = as_latex([["arm"], ["[1] first"], ["*star"]]).splitlines()
    assert not any(row.startswith(("[", "*")) for row in rows)


def has_booktabs() -> bool:
    if not (shutil.which("pdflatex") and shutil.which("kpsewhich")):
        return False
    return subprocess.run(["kpsewhich", "booktabs.sty"], capture_output=True).returncode == 0


@pytest.mark.skipif(not has_booktabs(), reason="needs pdflatex and booktabs.sty (texlive-latex-recommended)")
@pytest.mark.parametrize("encoding", ["", r"\usepackage[T1]{fontenc}"], ids=["OT1", "T1"])
def test_every_table_compiles(evidence, of_datasets, tmp_path: Path, encoding: str):
    one = evidence({name: RNG.normal(0.8, 0.01, 4) for name in NAMES})
    many = of_datasets({name: RNG.normal(0.8, 0.01, 12) for name in NAMES})
    tables = []
    for made, folder in ((one, "one"), (many, "many")):
        tables += [
            path for path in write_tables(made, judge(made), tmp_path / folder) if path.suffix == ".tex"
        ]
    assert {path.stem for path in tables} == {"leaderboard", "verdicts", "differences", "ranks"}
    body = "\n\n".join(
        rf"{{\tiny\input{{{path.relative_to(tmp_path).as_posix()}}}}}\clearpage" for path in tables
    )
    head = rf"\documentclass{{article}}{encoding}\usepackage{{booktabs}}\begin{{document}}"
    (tmp_path / "t.tex").write_text(f"{head}\n{body}\n\\end{{document}}\n")
    done = subprocess.run(
        ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "t.tex"], cwd=tmp_path, capture_output=True
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-600:]
