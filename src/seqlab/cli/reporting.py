"""`seqlab report`: a sweep's directory, run directories, or anybody's table of results -> one page and its tables."""

import argparse
import dataclasses
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from seqlab.errors import UserError
from seqlab.replication import REPORT_FOLDER
from seqlab.report.evidence import Evidence
from seqlab.report.findings import Findings
from seqlab.report.options import Options
from seqlab.report.reading import SUFFIXES
from seqlab.screen import PLAIN_WIDTH

_SWEEP_FILE = "sweep.yaml"
# Beside --out and --question; in a sweep they were fixed before the first trial.
_WORDS_OF_RUNS = ("contrasts", "margin", "confidence")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words that `seqlab report` understands."""
    add = parser.add_argument
    add(
        "paths",
        metavar="PATH",
        type=Path,
        nargs="+",
        help="SWEEP_DIR, RUN_DIRs, or a table: .csv, .tsv, .parquet, .jsonl",
    )
    add("--out", type=Path, metavar="DIR", help="where to write; by default beside PATH")
    add("--question", metavar="TEXT", default="", help="what you want to know, for the page")
    table = parser.add_argument_group("tables")
    add = table.add_argument
    add(
        "--score",
        metavar="COLUMN",
        help="the score; with predictions, a metric: accuracy, f1_macro, balanced_accuracy",
    )
    add("--arm", metavar="COLUMN", help="what is compared, such as model; several: cell,layers")
    add(
        "--arms",
        metavar="A,B,...",
        type=_names,
        default=(),
        help="a table with a column for every arm: these columns",
    )
    add(
        "--pair",
        metavar="COLUMNS",
        type=_names,
        default=(),
        help="what belongs together, such as seed,dataset",
    )
    add("--dataset", metavar="COLUMN", help="the data set; with several, each counts once")
    add("--item", metavar="COLUMN", help="the test item, in a table with a row for every run and item")
    add("--truth", metavar="COLUMN", help="the true class of the item")
    add("--prediction", metavar="COLUMN", help="the predicted class of the item")
    add(
        "--correct",
        metavar="COLUMN",
        help="whether the item was predicted right, instead of truth and prediction",
    )
    add("--group", metavar="COLUMN", help="what test items belong to, such as a speaker")
    add(
        "--margin",
        metavar="X",
        type=_positive,
        help="a smaller difference does not matter, in units of the score [0.01]",
    )
    better = table.add_mutually_exclusive_group()
    better.add_argument(
        "--lower-is-better",
        dest="higher_is_better",
        action="store_false",
        default=None,
        help="less is better",
    )
    better.add_argument(
        "--higher-is-better",
        dest="higher_is_better",
        action="store_true",
        default=None,
        help="more is better",
    )
    add(
        "--contrast",
        dest="contrasts",
        metavar="A:B",
        action="append",
        default=[],
        help="is A better than B? may be given several times",
    )
    add("--confidence", metavar="X", type=_share, default=0.95, help="of intervals [0.95]")
    add("--duplicates", choices=["refuse", "mean"], default="refuse", help="several rows for one run")
    add(
        "--where",
        metavar="COLUMN=VALUE",
        type=_where,
        action="append",
        default=[],
        help="only such rows; may be given several times",
    )
    add("--test-size", metavar="N", type=_count, help="test items behind each accuracy, to count their luck")
    add(
        "--overlap",
        metavar="X",
        type=_positive,
        help="test part / training part, where pairs are splits of one set",
    )


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no number") from None


def _positive(text: str) -> float:
    value = _number(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _share(text: str) -> float:
    value = _number(text)
    value = value / 100 if 1 < value < 100 else value
    if not 0.5 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0.5 and 1")
    return value


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of items")
    return int(text)


def _where(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not COLUMN=VALUE")
    return name.strip(), value.strip()


def report(options: argparse.Namespace, words: Sequence[str]) -> int:
    """Make a report; the last line on the screen is the path of its page. Returns the exit code.

    Args:
        options: parsed.
        words: what followed the command, for the record.

    Raises:
        UserError: for whatever is wrong with what is to be reported.
    """
    paths: list[Path] = options.paths
    for path in paths:
        if not path.exists():
            raise UserError(
                f"{path}: there is no such file or directory\nallowed: SWEEP_DIR, RUN_DIRs, or a table"
            )
    called = shlex.join(["seqlab", "report", *words])
    sweeps = [path for path in paths if (path / _SWEEP_FILE).is_file()]
    if len(paths) > 1 and sweeps:
        # A report that lies among sweeps is caught by runs/beliefs/*/
        others = [path for path in paths if path not in sweeps and not _is_report(path)]
        if others:
            raise UserError(
                f"{others[0]}: no directory of a sweep, but {sweeps[0]} is one\n"
                "allowed: one table, or directories of sweeps alone, or run directories alone"
            )
        return _several(sweeps, options, called)
    evidence, folder = _evidence(paths, options, called)
    page, _ = present(evidence, options.out or folder)
    print(page)  # not by the console, which would wrap it
    return 0


def _is_report(path: Path) -> bool:
    return any((path / name).is_file() for name in ("survey.md", "report.html"))


def present(evidence: Evidence, folder: Path) -> tuple[Path, Findings]:
    """Judge, write, and say in short; the page and what was found. The path of the page is left to the last line."""
    from seqlab.report.judging import judge
    from seqlab.report.on_screen import show
    from seqlab.report.writing import write_report

    findings = judge(evidence)
    page = write_report(evidence, folder, findings)
    show(evidence, findings, Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH, highlight=False))
    return page, findings


def _several(paths: Sequence[Path], options: argparse.Namespace, called: str) -> int:
    """Several comparisons: one table, and one page where they ask the same of several data sets."""
    _no_table_words(options)
    from seqlab.report.survey import show_survey, survey, write_survey
    from seqlab.report.writing import write_report

    found = survey(paths, called)
    folder: Path = options.out or paths[0].parent / REPORT_FOLDER
    console = Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH, highlight=False)
    show_survey(found, console)
    table = write_survey(found, folder)
    print(table if found.whole is None else write_report(found.whole, folder))
    return 0


def _evidence(paths: Sequence[Path], options: argparse.Namespace, called: str) -> tuple[Evidence, Path]:
    """What the report is made from, and the folder that it goes to by default."""
    tables = [path for path in paths if path.is_file()]
    if tables:
        if len(paths) > 1:
            raise UserError(f"{tables[0]}: a table is reported alone\nallowed: one table, or directories")
        (path,) = tables
        if not any(suffix.lower() in (*SUFFIXES, ".xlsx", ".xls", ".ods") for suffix in path.suffixes):
            raise UserError(f"{path}: no table by its name\nallowed: {', '.join(SUFFIXES)}")
        from seqlab.report.from_table import evidence_of_table

        stem = path.name.partition(".")[0] or path.name
        return evidence_of_table(path, _options(options, called)), path.with_name(f"{stem}-report")
    if len(paths) == 1 and (paths[0] / _SWEEP_FILE).is_file():
        _no_table_words(options)
        from seqlab.report.from_sweep import evidence_of_sweep

        evidence = evidence_of_sweep(paths[0])
        if options.question and evidence.question:
            raise UserError(
                f"--question: is fixed by the sweep ({evidence.question})\nallowed with a sweep's directory: --out"
            )
        asked = dataclasses.replace(evidence, question=options.question or evidence.question)
        return asked, paths[0] / REPORT_FOLDER
    _no_table_words(options, _WORDS_OF_RUNS)
    from seqlab.report.from_runs import evidence_of_runs

    folder = (paths[0] if len(paths) == 1 else paths[0].parent) / REPORT_FOLDER
    return evidence_of_runs(paths, _options(options, called)), folder


def _no_table_words(options: argparse.Namespace, allowed: Sequence[str] = ()) -> None:
    """Refuse what has a meaning for tables alone, rather than do nothing with it."""
    plain = argparse.ArgumentParser()
    add_arguments(plain)
    for action in plain._actions:  # pyright: ignore[reportPrivateUsage]
        if action.dest in ("paths", "out", "question", "help", *allowed):
            continue
        if getattr(options, action.dest, action.default) == action.default:
            continue
        name = action.option_strings[0]
        if not allowed and action.dest in _WORDS_OF_RUNS:
            raise UserError(f"{name}: is fixed by the sweep\nallowed with a sweep's directory: --out")
        raise UserError(
            f"{name}: has a meaning for tables alone\nallowed with run directories: --out, --question, --contrast, "
            "--margin, --confidence"
        )


def _options(options: argparse.Namespace, called: str) -> Options:
    given: dict[str, Any] = {**vars(options), "command": called}
    return Options(**{field.name: given[field.name] for field in dataclasses.fields(Options)})
