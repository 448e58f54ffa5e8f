"""The conformance kit: what every cell, encoder, data source and task must keep, shipped or of one's own.

`check_package("my_lab")` holds all parts that a package registered to it; so does `seqlab check my_lab`. Every check
gives a `Finding`; none needs a test runner.
"""

from seqlab.testing.findings import Finding
from seqlab.testing.networks import check_cell, check_encoder
from seqlab.testing.packages import check_package
from seqlab.testing.sources import check_source
from seqlab.testing.tasks import check_task

__all__ = ["Finding", "check_cell", "check_encoder", "check_package", "check_source", "check_task"]
