"""A laboratory of one's own: a cell, a data source and a task, without a line of seqlab changed.

Importing this package registers its parts; the strings name them, so nothing heavy is imported until one is used.
"""

import seqlab

seqlab.register("cell", "mgu", target="my_lab.cells:MinimalGatedUnit")
seqlab.register(
    "data",
    "first_symbol",
    target="my_lab.first_symbol:FirstSymbol",
    config="my_lab.settings:FirstSymbolConfig",
)
seqlab.register(
    "task", "focal", target="my_lab.focal:FocalClassification", config="my_lab.settings:FocalConfig"
)
