"""The report: evidence in, verdicts, tables, figures and one page out. Knows nothing of torch."""
