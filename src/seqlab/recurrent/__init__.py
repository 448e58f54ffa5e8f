"""Recurrent layers that are exact for sequences of different lengths: cells, stacks of them, counter-based dropout."""
