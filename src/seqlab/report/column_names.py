"""Names that columns of results have in the wild, by what they mean; letters and digits alone."""

ARM = (
    *("model", "arm", "classifier", "method", "algorithm", "estimator", "architecture"),
    *("approach", "system", "learner", "network", "variant", "encoder", "backbone", "agent", "policy"),
)
PAIR = (
    *("seed", "fold", "resample", "split", "repeat", "repetition", "replicate"),
    *("pair", "run", "cvfold", "randomseed", "randomstate", "rep"),
)
DATASET = ("dataset", "datasets", "data", "problem", "corpus", "benchmark")
ITEM = ("item", "itemid", "id", "sample", "sampleid", "example", "exampleid", "instance", "instanceid")
TRUTH = ("truth", "true", "ytrue", "y", "label", "target", "actual", "gold")
PREDICTION = ("predicted", "prediction", "pred", "ypred", "yhat")
CORRECT = ("correct", "iscorrect", "right", "hit")
GROUP = ("group", "speaker", "subject", "patient")
SCORE = (
    *("score", "value", "result", "r2", "mcc", "kappa", "metric", "performance", "bleu", "rouge", "elo"),
    *("reward", "return", "mean", "avg", "average"),
)
COSTS = {
    "parameters": ("parameters", "params", "nparameters", "nparams", "numparams", "numparameters"),
    "flops": ("flops",),
    "latency_ms": ["latencyms"],
    "seconds": ("seconds", "trainseconds", "trainingseconds", "traintime", "trainingtime", "fittime"),
}
# In a table with a column for every model, these are none.
NO_ARMS = frozenset(
    {"index", "rank", "count", "n", "size", "length", "trainsize", "testsize"}
    | {"train", "test", "classes", "numclasses", "nclasses", "dimensions", "dims", "type"}
    | {"category", "year", "id", "no", "nr", "domain", "numchannels", "channels"}
)
AVERAGES = frozenset(
    {"average", "mean", "avg", "averages", "means", "total", "overall", "median", "rank", "averagerank"}
    | {"avgrank", "meanrank", "wins", "std"}
)


def plain(name: str) -> str:
    """A column's name as names are compared: its last part, letters and digits alone."""
    return "".join(c for c in name.lower().rsplit(".", 1)[-1].rsplit("/", 1)[-1] if c.isalnum())
