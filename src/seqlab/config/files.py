"""Settings of a data source of files: which they are, and what their columns mean."""

from dataclasses import dataclass
from typing import Literal

from seqlab.config.data import DataConfig
from seqlab.config.options import option
from seqlab.errors import ConfigError


@dataclass(slots=True, kw_only=True)
class FilesConfig(DataConfig):
    """Your own sequences: data=files data.train=my_data.csv data.target=label."""

    kind: str = option("files", "Which data source.", part="data")
    train: str | None = option(
        None, "File to train on: CSV, TSV, Parquet, Arrow, .ts or .npz; validation is split off it."
    )
    test: str | None = option(None, "File to score on, read as the one to train on.")
    id: str | None = option(None, "Column that names the sequence of a row; null: found by its name.")
    time: str | None = option(
        None, "Column of the time of a step, numbers or dates; null: found by its name, or the order of rows."
    )
    target: str | None = option(None, "Column of the label; null: found by its name.")
    group: str | None = option(
        None, "Column of what a sequence was taken from, such as a machine; null: found by its name, or none."
    )
    features: list[str] | None = option(None, "Numeric columns; null: all that hold numbers.")
    categorical: list[str] | None = option(
        None, "Columns whose values are names, numbers among them too; null: all that hold words."
    )
    ignore: list[str] = option([], "Columns that are left out.")
    layout: Literal["long", "wide"] | None = option(
        None, "long: one row a time step; wide: one row a sequence; null: found out."
    )
    format: Literal["csv", "parquet", "arrow", "ts", "npz"] | None = option(
        None, "What the content is; csv stands for any delimiter; null: found out."
    )
    delimiter: str | None = option(None, "Between the columns of csv; null: found out.")

    allow_leaks: bool = option(
        False,
        "Take data in which the same sequence, or the same group, stands in two parts; scores flatter then.",
    )

    def __post_init__(self) -> None:
        """Check ranges, and that the delimiter is one character."""
        DataConfig.__post_init__(self)
        if self.delimiter is not None and len(self.delimiter) != 1:
            raise ConfigError("delimiter", self.delimiter, 'one character, such as ";", or null')
