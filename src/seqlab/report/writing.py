"""Writes a report: the page with its figures, report.md, and tables as CSV and LaTeX."""

import shutil
from pathlib import Path

from seqlab import files
from seqlab.errors import UserError
from seqlab.report.evidence import Evidence
from seqlab.report.findings import Findings
from seqlab.report.judging import judge
from seqlab.report.markdown import markdown
from seqlab.report.tables import write_tables

PAGE_FILE = "report.html"
MARKDOWN_FILE = "report.md"
TABLES_FOLDER = "tables"
FIGURES_FOLDER = "figures"


def write_report(evidence: Evidence, folder: Path, findings: Findings | None = None) -> Path:
    """Judge the evidence, and write all that a report consists of.

    Args:
        evidence: what it is made from.
        folder: where to; made if needed. Files of an earlier report are replaced.
        findings: what follows, if it has been judged already.

    Returns:
        The page.

    Raises:
        UserError: if nothing can be written there.
    """
    from seqlab.report.page import write_page

    findings = judge(evidence) if findings is None else findings
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files.write_text(folder / MARKDOWN_FILE, markdown(evidence, findings))
        shutil.rmtree(folder / TABLES_FOLDER, ignore_errors=True)
        write_tables(evidence, findings, folder / TABLES_FOLDER)
        return write_page(evidence, findings, folder, folder / FIGURES_FOLDER)
    except OSError as error:
        raise UserError(
            f"{folder}: the report cannot be written ({error.strerror or error}: {error.filename})"
        ) from None
