"""Statistics on arrays and counts: pure functions, NumPy and SciPy alone. What each answers: docs/statistics.md.

SciPy is imported where it is needed, so that importing this room costs NumPy only. Arrays hold numbers, no NaN: whoever
has gaps decides first what a gap means. Results that cannot be known, such as the chance in a single run, are NaN.
"""

from seqlab.stats.budgets import best_so_far, expected_best
from seqlab.stats.components import Components
from seqlab.stats.crossing import crossed
from seqlab.stats.intervals import Mean, paired
from seqlab.stats.metrics import crossed_metric
from seqlab.stats.multiplicity import alpha_at_look, holm
from seqlab.stats.planning import detectable, replicates_needed, replicates_to_detect, rounded_up
from seqlab.stats.proportions import clopper_pearson, wilson
from seqlab.stats.ranking import Ranks, rank_datasets
from seqlab.stats.resampling import bootstrap_interval
from seqlab.stats.robust import interquartile_mean, probability_of_improvement

__all__ = [
    "Components",
    "Mean",
    "Ranks",
    "alpha_at_look",
    "best_so_far",
    "bootstrap_interval",
    "clopper_pearson",
    "crossed",
    "crossed_metric",
    "detectable",
    "expected_best",
    "holm",
    "interquartile_mean",
    "paired",
    "probability_of_improvement",
    "rank_datasets",
    "replicates_needed",
    "replicates_to_detect",
    "rounded_up",
    "wilson",
]
