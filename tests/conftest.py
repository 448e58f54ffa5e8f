"""Shapes annotated in the numeric rooms are checked while the tests run (jaxtyping + beartype)."""

from jaxtyping import install_import_hook

install_import_hook(
    ["seqlab.batch", "seqlab.recurrent", "seqlab.encoders", "seqlab.tasks", "seqlab.model"],
    "beartype.beartype",
)
