"""Shapes annotated in the numeric rooms are checked while the tests run (jaxtyping + beartype)."""

import os

from jaxtyping import install_import_hook
from tests.postgresql import postgresql as postgresql

install_import_hook(
    ["seqlab.batch", "seqlab.recurrent", "seqlab.encoders", "seqlab.tasks", "seqlab.model"],
    "beartype.beartype",
)
os.environ.pop("SEQLAB_STORAGE", None)  # somebody's own database is no place for tests
