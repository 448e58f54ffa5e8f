"""Trackers: W&B, TensorBoard, CSV or nothing, behind one small face. None of them can stop a run."""

from seqlab.trackers.base import Outcome, RunAbout, Tracker
from seqlab.trackers.choose import make_tracker

__all__ = ["Outcome", "RunAbout", "Tracker", "make_tracker"]
