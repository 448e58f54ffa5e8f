"""Rows as a LaTeX table with booktabs, whose cells any engine sets as they stand."""

import re
import unicodedata
from collections.abc import Sequence

from seqlab.report.letters import shown

Cell = str | float | int | None
# A table in a paper is read; thousands of rows are not.
_MOST_ROWS = 200
# At the start of a cell, behind the end of a row, [ and * would belong to the command before.
_ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"{\char34}", "[": "{[}", "*": "{*}",
    "≤": r"\ensuremath{\le}", "≥": r"\ensuremath{\ge}", "≈": r"\ensuremath{\approx}", "≠": r"\ensuremath{\ne}",
    "−": r"\ensuremath{-}", "±": r"\ensuremath{\pm}", "×": r"\ensuremath{\times}", "∞": r"\ensuremath{\infty}",
    "→": r"\ensuremath{\to}", "←": r"\ensuremath{\leftarrow}", "√": r"\ensuremath{\surd}", "·": r"\ensuremath{\cdot}",
    "†": r"\ensuremath{\dagger}", "∆": r"\ensuremath{\Delta}", "µ": r"\ensuremath{\mu}",
}  # fmt: skip
_LIGATURES = re.compile(r"([-'`,])(?=\1)|(?<=[?!])(?=`)")
_MINUS = re.compile(r"(?<![^ ])-(?=\d)")
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
    "τ": "tau", "υ": "upsilon", "φ": "varphi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta",
    "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
# Letters of Latin-1 and Latin Extended-A that pdflatex has no shape for in its first encoding, OT1.
_NOT_IN_OT1 = frozenset("«»ÐÞðþĄąĐđĘęĦħĮįĸĿŀŉŊŋŦŧŲųſ")


def as_latex(rows: Sequence[Sequence[Cell]]) -> str:
    """Rows as a LaTeX table with booktabs, the first of them names; text to the left, numbers to the right."""
    head, body = rows[0], rows[1:]
    listed = body[:_MOST_ROWS]
    columns = "".join("l" if place == 0 or _is_text(listed, place) else "r" for place in range(len(head)))
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", f"{_cells(head)} \\\\", r"\midrule"]
    lines += [f"{_cells(row)} \\\\" for row in listed]
    lines += [r"\bottomrule", r"\end{tabular}"]
    if len(body) > len(listed):
        lines.insert(0, f"% the first {len(listed)} of {len(body)} rows; all of them are in the CSV file")
    return "\n".join(["% needs \\usepackage{booktabs}", *lines]) + "\n"


def _is_text(rows: Sequence[Sequence[Cell]], place: int) -> bool:
    return any(str(row[place])[:1].isalpha() for row in rows)


def _cells(row: Sequence[Cell]) -> str:
    return " & ".join(escape_latex("" if cell is None else str(cell)) for cell in row)


def escape_latex(text: str) -> str:
    """Text that LaTeX sets as it stands.

    Letters that pdflatex does not know are set by LuaLaTeX and XeLaTeX, and their numbers by pdflatex.
    """
    letters = unicodedata.normalize("NFC", " ".join(shown(text).split()))
    text = _LIGATURES.sub(lambda found: f"{found[0]}{{}}", "".join(map(_escaped, letters)))
    return _MINUS.sub(r"\\ensuremath{-}", text)


def _escaped(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    if letter in _GREEK:
        return rf"\ensuremath{{\{_GREEK[letter]}}}"
    if letter.isascii() or ("\u00c0" <= letter <= "\u017f" and letter not in _NOT_IN_OT1):
        return letter
    if unicodedata.category(letter) in ("Cf", "Zs"):  # joiners and the like; blanks of other widths
        return " " if unicodedata.category(letter) == "Zs" else ""
    return rf"\ifdefined\Umathchar {letter}\else U+{ord(letter):04X}\fi{{}}"
