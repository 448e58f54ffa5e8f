"""`seqlab inspect PATH`: what was understood of files, without training and without torch."""

import argparse
import dataclasses
import typing

from seqlab.inspection.words import screen_of
from seqlab.readers.reading import Format, Layout, Reading
from seqlab.readers.understanding import understand

_HELP = {
    "format": "what the content is, if it is not recognised",
    "layout": "long: a row a step; wide: a row a sequence",
    "id": "column that names the sequence of a row",
    "time": "column of the time of a step",
    "target": "column of the label",
    "group": "column of what a sequence was taken from, such as a machine",
    "features": "numeric columns, apart by commas",
    "categorical": "columns whose values are names, apart by commas",
    "ignore": "columns to leave out, apart by commas",
    "delimiter": "of csv",
}
_LISTS = ("features", "categorical", "ignore")
_CHOICES = {"format": typing.get_args(Format), "layout": typing.get_args(Layout)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """PATH, and a flag for every field of `Reading`."""
    parser.add_argument("path", metavar="PATH", help="a table, a .ts or an .npz file")
    parser.add_argument("--test", metavar="PATH", help="the test part, to look for leaks")
    for field in dataclasses.fields(Reading):
        flags = [f"--{field.name}", *(["--label"] if field.name == "target" else [])]
        parser.add_argument(*flags, dest=field.name, choices=_CHOICES.get(field.name), help=_HELP[field.name])


def inspect(options: argparse.Namespace) -> int:
    """Look, print, and return the exit code.

    Raises:
        UserError: for files that cannot be understood.
    """
    words = {field.name: getattr(options, field.name) for field in dataclasses.fields(Reading)}
    for name in _LISTS:
        listed = [word.strip() for word in (words[name] or "").split(",") if word.strip()]
        words[name] = listed or (() if name == "ignore" else None)
    given = Reading(**words)
    train = understand(options.path, given, labelled=given.target is not None)
    test = None
    if options.test is not None:
        test = options.test, understand(options.test, train.reading.for_another_file(), labelled=False)
    print("\n".join(screen_of(options.path, given, train, test)))
    return 0
