"""The page: one HTML file that opens from disk, with its figures inside and beside it.

`build` puts it together; every other file makes sections out of evidence and findings, as blocks that the templates
lay out. No text is ever put into HTML by hand: the templates escape all of it.
"""

from seqlab.report.page.build import write_page

__all__ = ["write_page"]
