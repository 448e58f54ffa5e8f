"""`seqlab report`: light, quick, its last line the path of the page; mistakes end early."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from seqlab.cli.parsing import run_command
from seqlab.errors import UserError

RNG = np.random.default_rng(9)
HEAVY = ("torch", "pytorch_lightning", "torchmetrics", "wandb", "aeon", "sklearn", "optuna")
needs_page = pytest.mark.skipif(importlib.util.find_spec("seqlab.report.page") is None, reason="no page yet")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = [
        f"{arm},{seed},{RNG.normal(level, 0.01):.4f}"
        for arm, level in (("a", 0.9), ("b", 0.8))
        for seed in range(6)
    ]
    path = tmp_path / "my results (1).csv"
    path.write_text("\n".join(["model,seed,f1", *rows]))
    return path


@needs_page
def test_a_table_without_torch_ends_with_the_path_of_its_page(table: Path):
    code = (
        "import sys\nfrom seqlab.cli.parsing import run_command\n"
        f"run_command(['report', {str(table)!r}, '--score', 'f1', '--arm', 'model', '--pair', 'seed'])\n"
        "print(' '.join(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = Path(done.stdout.splitlines()[-1])
    assert page == table.with_name("my results (1)-report") / "report.html" and page.is_file()
    assert "a is better than b" not in done.stdout.splitlines()[-1]
    assert (page.parent / "report.md").is_file() and (page.parent / "tables" / "verdicts.csv").is_file()
    loaded = {name.split(".")[0] for name in done.stderr.split()}
    assert not loaded & set(HEAVY)


@needs_page
def test_a_report_is_written_anew(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "deep" / "out"
    for _ in range(2):
        assert run_command(["report", str(table), "--out", str(out)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(out / "report.html")
    assert not list(out.rglob(".*")), "no drafts are left"


@needs_page
def test_a_folder_that_cannot_be_written(table: Path):
    with pytest.raises(UserError, match="cannot be written"):
        run_command(["report", str(table), "--out", str(table / "below")])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "required: PATH"),
        (["nowhere"], "no such file or directory"),
        (["{table}", "--lower-is-beter"], "did you mean: --lower-is-better"),
        (["{table}", "--confidence", "2000"], "not between 0.5 and 1"),
        (["{table}", "--margin", "-1"], "is not above 0"),
        (["{table}", "--margin", "much"], "much is no number"),
        (["{table}", "--test-size", "many"], "no number of items"),
        (["{table}", "--where", "seed"], "COLUMN=VALUE"),
        (["{table}", "{table}"], "a table is reported alone"),
        (["{folder}", "--score", "f1"], "has a meaning for tables alone"),
        (["{table}", "--lower-is-better", "--higher-is-better"], "not allowed with"),
    ],
)
def test_mistakes(table: Path, tmp_path: Path, words: list[str], message: str):
    filled = [word.format(table=table, folder=tmp_path) for word in words]
    with pytest.raises(UserError) as caught:
        run_command(["report", *filled])
    assert message in str(caught.value) and len(str(caught.value).splitlines()) <= 3


def test_a_file_that_is_no_table_by_its_name(tmp_path: Path):
    (tmp_path / "x.pdf").write_text("")
    with pytest.raises(UserError, match="no table by its name"):
        run_command(["report", str(tmp_path / "x.pdf")])
