"""Settings of a fair comparison: what is held against what, and by which rules. See docs/protocol.md."""

from dataclasses import dataclass
from typing import Literal

from seqlab.config.options import Checked, option
from seqlab.errors import ConfigError

MOST_CONTRASTS = 4


@dataclass(slots=True, kw_only=True)
class ProtocolConfig(Checked):
    """What makes a sweep over arms a comparison: the contrasts, and the rules by which they are decided."""

    contrasts: dict[str, list[str]] = option(
        dict, "Primary contrasts, four at most: a name and a pair, [arm, the arm it is held against]."
    )
    metric: Literal["accuracy", "balanced_accuracy", "f1_macro", "auroc"] = option(
        "accuracy", "The score on the test part by which arms are compared."
    )
    margin: float = option(0.01, "A difference of the metric below this does not matter.", above=0, below=1)
    width: Literal["compared", "tuned_under_cap", "solved"] = option(
        "compared",
        "Width: as the arms set it; searched, under a constraint on a cost; or solved so that all cost the same.",
    )
    reference: str | None = option(
        None, "The arm whose cost the others are to match (width solved); null: the first."
    )
    match: Literal["parameters", "flops"] = option("parameters", "The cost that is matched (width solved).")
    replicates: list[int] = option(
        [10],
        "Paired seeds of every arm; several numbers: looks at the results, each of which may be the last.",
    )
    seed: int = option(1000, "The first seed of the replicates; others follow it.", low=0, high=2**31 - 1)
    tunings: int = option(1, "How often the whole tuning is done, each time anew.", unit="times", low=1)
    candidates: int = option(
        3, "An arm's best trials that are run again before one is chosen.", unit="trials", low=1
    )
    reruns: int = option(3, "Fresh seeds on which each of them is run again.", unit="seeds", low=1)
    references: bool = option(
        True, "Train what every arm has to beat: order-free models, MiniRocket, the arms on shuffled time."
    )

    def __post_init__(self) -> None:
        """Check ranges, and what only fits together."""
        Checked.__post_init__(self)
        if len(self.contrasts) > MOST_CONTRASTS:
            raise ConfigError(
                "contrasts",
                ", ".join(self.contrasts),
                f"at most {MOST_CONTRASTS}; all other pairs are exploratory",
            )
        looks = self.replicates
        if not looks or looks != sorted(set(looks)) or looks[0] < 2:
            raise ConfigError(
                "replicates", looks, "numbers that grow, such as [10] or [5, 10, 20]; at least 2"
            )
