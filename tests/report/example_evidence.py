"""Evidence and findings made by hand: a whole comparison with every optional part, and a table with hardly anything."""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from seqlab.report.effort import Ledger, Trial, Tuning
from seqlab.report.evidence import Arm, Contrast, Evidence, Items, Reading, Reference, Results, Rules
from seqlab.report.findings import Estimate, Findings, Standing, Verdict

ARMS = ("lstm", "lstm_stacked", "bilstm", "bilstm_stacked")
LEVELS = dict(zip(ARMS, (0.941, 0.948, 0.966, 0.968), strict=True))
SETTINGS = {
    "lstm": {"cell": "lstm", "num_layers": 1, "bidirectional": False, "hidden_size": 64},
    "lstm_stacked": {"cell": "lstm", "num_layers": 2, "bidirectional": False, "hidden_size": 43},
    "bilstm": {"cell": "lstm", "num_layers": 1, "bidirectional": True, "hidden_size": 42},
    "bilstm_stacked": {"cell": "lstm", "num_layers": 2, "bidirectional": True, "hidden_size": 27},
}
PAIRS = (
    ("a second layer", "lstm_stacked", "lstm", "num_layers: 1 -> 2"),
    ("a second direction", "bilstm", "lstm", "bidirectional: no -> yes"),
    ("a second layer on two directions", "bilstm_stacked", "bilstm", "num_layers: 1 -> 2"),
)


def estimate(values: np.ndarray, items: int | None = None) -> Estimate:
    """Mean with a t interval at 95 % for ten replicates or so; none for one."""
    known = values[np.isfinite(values)]
    if len(known) < 2:
        value = float(known[0]) if len(known) else math.nan
        return Estimate(value=value, low=math.nan, high=math.nan, replicates=len(known), items=items)
    half = 2.26 * float(known.std(ddof=1)) / math.sqrt(len(known))
    mean = float(known.mean())
    return Estimate(value=mean, low=mean - half, high=mean + half, replicates=len(known), items=items)


def predictions(
    rng: np.random.Generator, names: Sequence[str], levels: Mapping[str, float], R: int, N: int, C: int
) -> Items:
    """Items whose share of right answers is near the levels; mistakes go to neighbouring classes."""
    truth = rng.integers(0, C, N)
    hard = rng.random(N)
    predicted = {}
    for name in names:
        level = levels[name]
        wrong = rng.random((R, N)) < np.clip((1 - level) * 4 * hard**3, 0, 1)
        step = rng.choice([1, 1, 1, 2, C - 1], size=(R, N))
        predicted[name] = np.where(wrong, (truth + step) % C, truth)
    return Items(
        ids=[f"item {n}" for n in range(N)],
        truth=truth,
        classes=[f"speaker {c + 1}" for c in range(C)],
        predicted=predicted,
    )


def a_curve(rng: np.random.Generator, level: float, epochs: int) -> list[dict]:
    """One run's metrics.jsonl."""
    speed = rng.uniform(6, 9)
    rows = []
    for epoch in range(1, epochs + 1):
        gap = math.exp(-epoch / speed)
        noise = rng.normal(0, 0.006, 2)
        rows.append(
            {
                "epoch": epoch,
                "train": {
                    "loss": 2.2 * gap + 0.01,
                    "accuracy": min(1.0, 1 - 0.88 * gap + noise[0]),
                    "auroc": None,
                },
                "validation": {
                    "loss": 2.1 * gap + 0.12 + 0.002 * epoch,
                    "accuracy": min(1.0, level - 0.8 * gap + noise[1]),
                    "auroc": None,
                },
                "seconds": 0.4 * epoch,
            }
        )
    return rows


def some_trials(
    rng: np.random.Generator, names: Sequence[str], levels: Mapping[str, float], count: int
) -> list[Trial]:
    """`count` trials an arm, some of them pruned, diverged or failed."""
    found = []
    for name in names:
        for number in range(count):
            lr = 10 ** rng.uniform(-4, -1)
            draw = rng.random()
            state = (
                "complete"
                if draw < 0.8
                else "pruned"
                if draw < 0.9
                else "diverged"
                if draw < 0.97
                else "failed"
            )
            reasons = {
                "complete": None,
                "pruned": "below the median at epoch 8",
                "diverged": f"the loss became NaN in epoch {number % 3 + 1}",
                "failed": "killed by signal 9 (out of memory?)",
            }
            value = levels[name] - 0.05 * abs(math.log10(lr) + 2.3) - abs(rng.normal(0, 0.02))
            found.append(
                Trial(
                    arm=name,
                    number=number,
                    state=state,
                    value=value if state == "complete" else None,
                    parameters={"optimizer.lr": lr, "model.dropout": rng.uniform(0, 0.6)},
                    epochs=int(rng.integers(5, 40)),
                    seconds=float(rng.uniform(4, 30)),
                    reason=reasons[state],
                )
            )
    return found


def whole(
    names: Sequence[str] = ARMS,
    *,
    R: int = 10,
    N: int = 370,
    C: int = 9,
    trials: int = 40,
    sampler: str = "tpe",
    seed: int = 3,
) -> Evidence:
    """A comparison of arms with every part filled."""
    rng = np.random.default_rng(seed)
    levels = {name: LEVELS.get(name, 0.93 + 0.003 * i) for i, name in enumerate(names)}
    settings = {
        name: SETTINGS.get(name, {"cell": "gru", "num_layers": i + 1}) for i, name in enumerate(names)
    }
    items = predictions(rng, names, levels, R, N, C)
    scores = {name: (items.predicted[name] == items.truth).mean(axis=1) for name in names}
    pairs = [(n, a, b, d) for n, a, b, d in PAIRS if a in names and b in names]
    pairs = pairs or [("more of it", names[1], names[0], "")]
    asked = {(a, b) for _, a, b, _ in pairs}
    contrasts = [Contrast(name=n, arm=a, than=b, primary=True, differs=d) for n, a, b, d in pairs]
    contrasts += [
        Contrast(name=f"{b} against {a}", arm=b, than=a, primary=False)
        for a, b in combinations(names, 2)
        if (b, a) not in asked
    ]
    best = max(float(s.mean()) for s in scores.values())
    mlp, rocket = (best - gap + rng.normal(0, noise, 5) for gap, noise in ((0.03, 0.004), (0.012, 0.002)))
    references = [
        Reference(name="majority class", dataset="JapaneseVowels", scores=np.array([0.119])),
        Reference(
            name="pooled statistics, MLP",
            dataset="JapaneseVowels",
            scores=mlp,
        ),
        Reference(name="pooled statistics, SVM", dataset="JapaneseVowels", scores=np.array([best - 0.05])),
        Reference(name="MiniRocket", dataset="JapaneseVowels", scores=rocket),
    ]
    references += [
        Reference(
            name=f"{name}, shuffled in time",
            dataset="JapaneseVowels",
            scores=levels[name] - 0.06 + rng.normal(0, 0.006, 5),
            of_arm=name,
        )
        for name in names[:1]
    ]
    made = some_trials(rng, names, levels, trials)
    return Evidence(
        title="architectures on JapaneseVowels",
        question="Is a second layer or a second direction worth it, at the same number of parameters?",
        arms=[
            Arm(
                name=name,
                words=f"LSTM, {settings[name]['num_layers']} layers, {settings[name].get('hidden_size', 32)} wide",
                settings=settings[name],
                chosen={"optimizer.lr": 0.004 + 0.001 * i, "model.dropout": 0.21 + 0.05 * i},
                cost={
                    "parameters": 20_300.0 + 37 * i,
                    "flops": 1.1e6 * (1 + 0.4 * i),
                    "latency_ms": 0.41 + 0.33 * i,
                    "seconds": 8.1 * (1 + 0.5 * i),
                },
                command=f"python train.py model={name} data=japanese_vowels optimizer.lr=0.004",
            )
            for i, name in enumerate(names)
        ],
        results=[
            Results(dataset="JapaneseVowels", pairs=[str(r) for r in range(R)], scores=scores, items=items)
        ],
        contrasts=contrasts,
        rules=Rules(
            metric="accuracy",
            margin=0.01,
            frozen=True,
            width="solved",
            width_words="The width of every arm was solved so that all have the same number of parameters (20,300).",
            tunings=1,
            looks=(5, 10),
            rules=[
                "Every arm was tuned by itself, with the same space, sampler and budget; no trial was pruned.",
                "Selection saw validation data alone: the best 3 trials of an arm were run again on 3 fresh seeds.",
            ],
        ),
        references=references,
        tuning=Tuning(
            objective="validation.accuracy",
            higher_is_better=True,
            sampler=sampler,
            trials=made,
            space={"optimizer.lr": "0.0001 to 0.1, logarithmic", "model.dropout": "0 to 0.6"},
            importances={
                name: {
                    "PED-ANOVA": {"optimizer.lr": 0.82 - 0.05 * i, "model.dropout": 0.18 + 0.05 * i},
                    "fANOVA": {"optimizer.lr": 0.71 - 0.03 * i, "model.dropout": 0.09 + 0.02 * i},
                }
                for i, name in enumerate(names)
            },
            reruns={name: [levels[name] + d for d in (-0.004, 0.0, 0.003)] for name in names},
            notes=[
                f"{names[0]}: best of {trials} trials on validation 0.981, which is too good as an estimate"
            ],
        ),
        curves={name: [a_curve(rng, levels[name] + 0.01, 30 - r) for r in range(3)] for name in names},
        gradients={
            name: {
                "at initialisation": 0.3 * 0.72 ** np.arange(29) * (1 + 0.1 * i),
                "trained": 0.5 * (0.8 + 0.03 * (i % 5)) ** np.arange(29),
            }
            for i, name in enumerate(names)
        },
        ledger=[
            Ledger(
                arm=name,
                tuning_trials=sum(t.arm == name and t.state != "failed" for t in made),
                tuning_epochs=sum(t.epochs for t in made if t.arm == name),
                tuning_seconds=sum(t.seconds for t in made if t.arm == name),
                replicates=R,
                replicate_seconds=9.4 * R,
                states={
                    state: sum(t.arm == name and t.state == state for t in made)
                    for state in ("complete", "pruned", "diverged", "failed")
                },
            )
            for name in names
        ],
        register=[
            Reading(
                dataset="JapaneseVowels",
                when="2026-11-24T09:12:44+00:00",
                who="runs/sweeps/architectures",
                what=f"{R} replicates of {len(names)} arms",
                own=True,
            )
        ],
        commands=["python sweep.py sweep=architectures", "seqlab report runs/sweeps/architectures"],
        versions={"python": "3.11.2", "torch": "2.13.0", "machine": "x86_64, 2 threads", "commit": "e38ed07"},
        source="a comparison by seqlab in runs/sweeps/architectures",
        notes=["bilstm: one replicate was trained again after it had been killed."],
    )


def bare() -> Evidence:
    """A table of two arms, one run each, and nothing else."""
    return Evidence(
        title="results.csv",
        question="",
        arms=[Arm(name="a"), Arm(name="b")],
        results=[
            Results(
                dataset="",
                pairs=["1"],
                scores={"a": np.array([0.71]), "b": np.array([0.74])},
                pairs_are="runs",
            )
        ],
        contrasts=[Contrast(name="b against a", arm="b", than="a", primary=False)],
        rules=Rules(metric="score", margin=0.0),
    )


def by_hand(evidence: Evidence) -> Findings:
    """Findings of one data set, made without the judge: t intervals over pairs, words by margin and 0."""
    results = evidence.results[0]
    items = len(results.items.truth) if results.items is not None else None
    margin = evidence.rules.margin

    def verdict(contrast: Contrast) -> Verdict:
        d = estimate(results.scores[contrast.arm] - results.scores[contrast.than], items)
        word = "open"
        if contrast.name.endswith("two directions"):
            d = Estimate(
                value=d.value, low=d.value - 0.02, high=d.value + 0.02, replicates=d.replicates, items=items
            )
        elif d.low > 0 or d.high < 0:
            word = "better" if d.value > 0 else "worse"
        elif -margin < d.low and d.high < margin:
            word = "same"
        size = f"{100 * abs(d.value):.1f} points of accuracy"
        return Verdict(
            contrast=contrast,
            dataset=results.dataset,
            word=word,
            difference=d,
            p=0.03,
            adjusted=0.09,
            sentence=f"{contrast.arm} and {contrast.than} differ by {size}.",
            conditional=["for these configurations (tuning was done once)", "on this data set"],
            settles="about 12 more seeds" if word == "open" else "",
            price="1.00 times the parameters, 2.1 times the latency",
            shares={"seeds": 0.3, "test items": 0.7},
            correlation=0.41,
            wins=0.8,
        )

    verdicts = [verdict(contrast) for contrast in evidence.contrasts]
    lines = [
        Standing(
            name=name,
            dataset=results.dataset,
            score=estimate(s, items),
            middle=math.nan,
            values=[float(v) for v in s],
        )
        for name, s in results.scores.items()
    ]
    lines += [
        Standing(
            name=r.name, dataset=r.dataset, score=estimate(r.scores), middle=math.nan,
            values=[float(v) for v in r.scores], reference=True, of_arm=r.of_arm,
        )
        for r in evidence.references
    ]  # fmt: skip
    return Findings(
        answer="A second direction is better than one; a second layer is not shown to be.",
        sure="10 seeds and 370 test items: a difference is known to about ±1.1 points (95 % interval).",
        costs="A second direction costs 2.1 times the latency of lstm.",
        standings=sorted(lines, key=lambda line: -line.score.value),
        primary=[v for v in verdicts if v.contrast.primary],
        exploratory=[v for v in verdicts if not v.contrast.primary],
        recurrence={
            arm.name: f"Recurrence is needed here: {arm.name} beats all of them." for arm in evidence.arms
        }
        if evidence.references
        else {},
        over=None,
        cautions=[
            "One data set: nothing here tells about others.",
            "Tuning was done once: its luck is not counted.",
        ],
    )


def many_datasets(
    D: int = 14, names: Sequence[str] = ("ridge", "rocket", "gru", "lstm", "tcn"), R: int = 3
) -> Evidence:
    """Arms on several data sets, nothing known but scores."""
    rng = np.random.default_rng(11)
    results = []
    for d in range(D):
        hard = rng.uniform(0.6, 0.97)
        scores = {
            name: np.clip(hard + 0.012 * i + rng.normal(0, 0.02) + rng.normal(0, 0.005, R), 0, 1)
            for i, name in enumerate(names)
        }
        results.append(Results(dataset=f"set {d + 1:02d}", pairs=[str(r) for r in range(R)], scores=scores))
    contrasts = [
        Contrast(name=f"{b} against {a}", arm=b, than=a, primary=False) for a, b in combinations(names, 2)
    ]
    return Evidence(
        title="classifiers.csv",
        question="",
        arms=[Arm(name=name) for name in names],
        results=results,
        contrasts=contrasts,
        rules=Rules(metric="accuracy", margin=0.01),
        source="classifiers.csv, 210 rows",
    )
