"""Files and arrays -> `Sequences`, with every refusal that a bad file deserves."""

from seqlab.readers.arrays import from_arrays
from seqlab.readers.files import read_sequences
from seqlab.readers.npz import read_npz
from seqlab.readers.ts import read_ts

__all__ = ["from_arrays", "read_npz", "read_sequences", "read_ts"]
