"""Static figures: one function a figure, from arrays to a PNG file. No pyplot, no global state."""

from seqlab.figures.confusion import confusion_matrix
from seqlab.figures.curves import learning_curves
from seqlab.figures.gradients import gradient_profile

__all__ = ["confusion_matrix", "gradient_profile", "learning_curves"]
