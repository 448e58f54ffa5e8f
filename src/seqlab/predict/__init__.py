"""Using a trained run: predict new sequences, and score a part of its data again."""

from seqlab.predict.again import evaluate
from seqlab.predict.into_file import predict_file
from seqlab.predict.trained import Predictions, TrainedModel, load

__all__ = ["Predictions", "TrainedModel", "evaluate", "load", "predict_file"]
