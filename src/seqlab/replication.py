"""What a comparison leaves behind in a sweep's directory, beside its trials: names and schemas of the files.

See docs/sweep-directory.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from seqlab import files

PLAN_FILE = "comparison.json"
SELECTION_FOLDER = "selection"
SELECTION_FILE = "selection.json"
PROFILES_FILE = "profiles.json"
REPLICATES_FOLDER = "replicates"
REPLICATES_FILE = "replicates.parquet"
SHUFFLED_FOLDER = "shuffled"
REFERENCES_FILE = "references.parquet"
REPORT_FOLDER = "report"
REGISTER_FILE = "test-register.jsonl"
LOCK_FILE = ".lock-comparison"  # held by whoever is at work on what follows the trials
# What goes when a sweep is begun anew in its directory; the register stays, since what was read was read.
OWN_FILES = (PLAN_FILE, SELECTION_FILE, PROFILES_FILE, REPLICATES_FILE, REFERENCES_FILE)
OWN_FOLDERS = (SELECTION_FOLDER, REPLICATES_FOLDER, SHUFFLED_FOLDER, REPORT_FOLDER)
# A validation part of fewer sequences is too small to choose by; see docs/protocol.md.
FEW_ITEMS = 300
# What a repetition of the tuning puts behind the name of its arm: lstm, lstm~2, lstm~3.
AGAIN = "~"


def arm_and_tuning(name: str) -> tuple[str, int]:
    """An arm's name and which repetition of its tuning a study is, from 0."""
    arm, _, number = name.partition(AGAIN)
    return arm, int(number) - 1 if number else 0


def study_name(arm: str, tuning: int) -> str:
    """The name of an arm's study in a repetition of the tuning, from 0."""
    return f"{arm}{AGAIN}{tuning + 1}" if tuning else arm


@dataclass(frozen=True, slots=True, kw_only=True)
class Width:
    """A width that was solved.

    Args:
        arm: whose.
        hidden_size: the width.
        cost: what it comes to.
        target: what it was to come to.
    """

    arm: str
    hidden_size: int
    cost: float
    target: float

    @property
    def off(self) -> float:
        """How far it is from the target, as a share of it."""
        return self.cost / self.target - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryContrast:
    """A pair of arms that the comparison was made for.

    Args:
        name: in words.
        arm: the one in question.
        than: the one it is held against.
        differs: the one thing in which they differ, such as "model.num_layers: 2 and 1".
    """

    name: str
    arm: str
    than: str
    differs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Folds:
    """A repeated stratified cross-validation.

    Args:
        parts: of each repetition.
        repeats: how often the sequences are dealt out.
    """

    parts: int
    repeats: int

    def __str__(self) -> str:
        """Such as "2 x 5 folds"."""
        return f"{self.repeats} x {self.parts} folds" if self.repeats > 1 else f"{self.parts} folds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What trials are chosen by.

    Args:
        items: sequences of the validation part of a single run, of the arm that has the fewest.
        sequences: training sequences of that arm that can be held out.
        folds: those of a trial; None: a trial is a single run.
        asked: what the protocol asks for; None: a single run is enough.
    """

    items: int
    sequences: int
    folds: Folds | None
    asked: Folds | None

    @property
    def scored(self) -> int:
        """How many scores of sequences a trial's value is the mean of."""
        return self.items if self.folds is None else self.sequences * self.folds.repeats

    def in_words(self) -> str:
        """What a trial's value is, and why; the protocol beside it where it asks for more."""
        if self.folds is None:
            words = f"a validation part of {self.items:,} sequences"
        else:
            words = (
                f"scores out of fold ({self.folds}, {self.scored:,} scores of {self.sequences:,} sequences)"
            )
        if self.asked is None:
            return words
        if self.falls_short:
            few = (
                f"below {FEW_ITEMS}" if self.folds is None else f"a validation part would have {self.items:,}"
            )
            return f"{words}; {few}: selection is noisier than the protocol asks ({self.asked})"
        return f"{words}; a validation part would have {self.items:,}, below {FEW_ITEMS}"

    @property
    def falls_short(self) -> bool:
        """Whether a trial's value rests on fewer trainings, or fewer scores, than the protocol asks for."""
        if self.asked is None:
            return False
        own = self.folds or Folds(parts=1, repeats=1)
        return own.parts * own.repeats < self.asked.parts * self.asked.repeats


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a comparison is about, as it was fixed before the first trial (comparison.json).

    Args:
        arms: name -> the overrides of its runs, solved widths among them.
        words: name -> the arm in words.
        contrasts: primary ones.
        widths: those that were solved.
        validation: what its trials are chosen by; None in plans of seqlab before it was written down.
    """

    arms: dict[str, list[str]]
    words: dict[str, str]
    contrasts: list[PrimaryContrast]
    widths: list[Width]
    validation: Validation | None = None

    def write(self, sweep_dir: Path) -> None:
        """Write comparison.json, whole."""
        files.write_json(sweep_dir / PLAN_FILE, asdict(self))


def read_plan(sweep_dir: Path) -> Plan | None:
    """What comparison.json holds; None where there is none."""
    path = sweep_dir / PLAN_FILE
    if not path.is_file():
        return None
    content = files.read_json(path)
    return Plan(
        arms=content["arms"],
        words=content["words"],
        contrasts=[PrimaryContrast(**row) for row in content["contrasts"]],
        widths=[Width(**row) for row in content["widths"]],
        validation=_validation(content.get("validation")),
    )


def _validation(content: Mapping[str, Any] | None) -> Validation | None:
    if content is None:
        return None
    folds = {key: content[key] and Folds(**content[key]) for key in ("folds", "asked")}
    return Validation(items=content["items"], sequences=content["sequences"], **folds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The configuration of an arm that was chosen, from one tuning of it.

    Args:
        arm: whose.
        tuning: which repetition of the tuning, from 0.
        trial: number of the trial that proposed it.
        parameters: what the search chose: dotted setting -> value.
        epochs: for which its replicates train: the mean of the best epochs of its reruns, rounded.
        reruns: its validation scores on fresh seeds; None where a run diverged.
        candidates: trial -> validation scores on the same fresh seeds, of every candidate.
        best_of: how many complete trials it was picked from.
        best_value: the trial's own value, which is the best of many and so too good.
        at_edge: settings whose best trials lie at the edge of their range.
    """

    arm: str
    tuning: int
    trial: int
    parameters: dict[str, Any]
    epochs: int
    reruns: list[float | None]
    candidates: dict[str, list[float | None]]
    best_of: int
    best_value: float | None
    at_edge: list[str] = field(default_factory=list)


def write_selection(sweep_dir: Path, chosen: Sequence[Chosen], failed: Mapping[str, str]) -> None:
    """Write selection.json, whole.

    Args:
        sweep_dir: the sweep's directory.
        chosen: one for every arm and tuning that came to one.
        failed: arm -> why nothing could be chosen for it.
    """
    content = {"chosen": [asdict(row) for row in chosen], "failed": dict(failed)}
    files.write_json(sweep_dir / SELECTION_FILE, content)


def read_selection(sweep_dir: Path) -> tuple[list[Chosen], dict[str, str]]:
    """What selection.json holds: nothing where there is none."""
    path = sweep_dir / SELECTION_FILE
    if not path.is_file():
        return [], {}
    content = files.read_json(path)
    return [Chosen(**row) for row in content["chosen"]], content["failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRow:
    """One entry of the register of who has read a test part (test-register.jsonl).

    Args:
        content: hash of the test part's content.
        dataset: its name.
        when: ISO 8601 with time zone.
        who: the sweep or run, by its directory.
        what: what was read for.
    """

    content: str
    dataset: str
    when: str
    who: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a chosen configuration costs to use, and how far back its gradient reaches (profiles.json).

    Args:
        latency_ms: of the prediction of one sequence, on the engine named, by one thread.
        engine: what ran it, such as "cpu, 1 thread".
        layers_ms: of one training step of the recurrent layers, as seqlab runs them; CPU time.
        plain_layers_ms: the same of plain PyTorch layers, packed where lengths differ; None where there are none.
        gradients: state ("at initialisation", "trained") -> norm of the loss's gradient by time step [T].
    """

    latency_ms: float | None
    engine: str
    gradients: dict[str, list[float | None]]
    layers_ms: float | None = None
    plain_layers_ms: float | None = None


def read_profiles(sweep_dir: Path) -> dict[str, Profile]:
    """Arm -> its profile; nothing where there are none."""
    path = sweep_dir / PROFILES_FILE
    if not path.is_file():
        return {}
    return {arm: Profile(**row) for arm, row in files.read_json(path).items()}


def register_of(directory: Path) -> Path:
    """The register that a sweep or run belongs to: beside all runs, which is in the nearest folder named runs."""
    for folder in directory.absolute().parents:
        if folder.name == "runs":
            return folder / REGISTER_FILE
    return directory.absolute().parent / REGISTER_FILE


def readings(register: Path, content: str) -> list[RegisterRow]:
    """Who has read a test part, oldest first."""
    if not register.is_file():
        return []
    rows = (RegisterRow(**row) for row in files.read_rows(register))
    return [row for row in rows if row.content == content]
