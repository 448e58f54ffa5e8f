"""Settings of the task: what is predicted and how it is scored."""

from dataclasses import dataclass
from typing import Literal

from seqlab.config.options import Checked, option


@dataclass(slots=True, kw_only=True)
class TaskConfig(Checked):
    """What every task shares."""

    kind: str = option("classification", "Which task.", part="task")
    monitor: Literal["loss", "accuracy", "balanced_accuracy", "f1_macro", "auroc", "ece"] = option(
        "accuracy", "Validation metric that picks the best epoch; ties go to the lower validation loss."
    )


@dataclass(slots=True, kw_only=True)
class ClassificationConfig(TaskConfig):
    """One label a sequence."""

    pooling: Literal["last", "mean", "max", "attention"] = option(
        "last", "How the steps of a sequence become one vector; last: each direction's last step."
    )
    class_weights: Literal["none", "balanced"] = option(
        "none", "Weights of the classes in the loss; balanced: inversely to their frequency in training."
    )
    label_smoothing: float = option(
        0.0, "Share of the target probability spread over all classes (Szegedy et al. 2016).", low=0, below=1
    )
