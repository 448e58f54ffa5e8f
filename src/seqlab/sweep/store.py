"""What a sweep knows, in one database: its question, Optuna's studies, and who works at what.

A trial is told to Optuna first, and its slot closed after; where a kill falls between the two, whoever finds the slot
looks the trial up. So nothing is counted twice and nothing is lost, whoever is killed when.
"""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import sqlalchemy as sa
from optuna.study import StudyDirection
from optuna.trial import TrialState

from seqlab.errors import UserError
from seqlab.sweep.database import FACTS, OWNERS, SLOTS, Database, patient
from seqlab.sweep.owners import Owners
from seqlab.sweep.rows import ATTRIBUTE
from seqlab.sweep.slots import Claim, Gone, Limits, Slots


class Store:
    """The database of a sweep, for one coordinator.

    Args:
        place: a file, for SQLite; or an address such as "postgresql://host/name".
        sweep: the sweep's name; several may share a database.
        note: takes a line worth saying.
        stopping: set when the sweep is asked to stop; a database that is away is not waited for then.

    Raises:
        UserError: if the database cannot be opened.
    """

    def __init__(
        self,
        place: Path | str,
        sweep: str,
        note: Callable[[str], None] = lambda line: None,
        stopping: threading.Event | None = None,
    ) -> None:
        self.sweep = sweep
        self._database = Database(place, note, stopping)
        self.owners = Owners(self._database, sweep)
        self.slots = Slots(self._database, sweep, self.owners)

    def close(self) -> None:
        """Sign off and let go of the database."""
        self.owners.sign_off()
        self._database.close()

    @patient
    def fact(self, name: str) -> Any:
        """Something written down about the sweep, or None."""
        with self._database.reading() as connection:
            found = connection.execute(
                sa.select(FACTS.c.value).where(FACTS.c.sweep == self.sweep, FACTS.c.fact == name)
            ).scalar()
        return None if found is None else json.loads(found)

    @patient
    def write_fact(self, name: str, value: Any, *, once: bool = False) -> Any:
        """Write something down about the sweep; with `once`, what stands there already stays. Returns what stands."""
        with self._database.exclusive() as connection:
            here = (FACTS.c.sweep == self.sweep, FACTS.c.fact == name)
            held = connection.execute(sa.select(FACTS.c.value).where(*here)).scalar()
            if held is not None and once:
                return json.loads(held)
            connection.execute(FACTS.delete().where(*here))
            connection.execute(FACTS.insert().values(sweep=self.sweep, fact=name, value=json.dumps(value)))
        return value

    def forget(self) -> None:
        """Remove everything about the sweep.

        Raises:
            UserError: if a coordinator is at work on it.
        """
        with self._database.exclusive() as connection:
            if any(self.owners.alive(connection, owner) for owner in self.owners.names(connection)):
                raise UserError(
                    f"force: somebody is at work on the sweep {self.sweep}\nallowed: stop that first"
                )
            for table in (SLOTS, OWNERS, FACTS):
                connection.execute(table.delete().where(table.c.sweep == self.sweep))
        known = {study.study_name for study in self._database.storage.get_all_studies()}
        for name in known:
            if name.startswith(self.study_name("")):
                optuna.delete_study(study_name=name, storage=self._database.storage)

    def study_name(self, arm: str) -> str:
        """The name of an arm's study."""
        return f"{self.sweep}/{arm}"

    def study(self, arm: str, directions: list[str] | None = None) -> optuna.Study:
        """An arm's study; made if `directions` are given and there is none yet."""
        if directions is None:
            return optuna.load_study(study_name=self.study_name(arm), storage=self._database.storage)
        return optuna.create_study(
            study_name=self.study_name(arm),
            storage=self._database.storage,
            directions=[StudyDirection[word.upper()] for word in directions],
            load_if_exists=True,
        )

    def recover(self, arms: list[str], limits: Limits) -> int:
        """Take over what coordinators that are gone have left, and end trials that nobody works at any more.

        Returns:
            How many trials were found running without a worker.
        """
        found = sum(self._settle(claim, trial, limits) for claim, trial in self.slots.adopt())
        return found + sum(self._end_orphans(arm) for arm in arms)

    def _settle(self, claim: Claim, number: int | None, limits: Limits) -> int:
        """Close or free a slot whose coordinator is gone, by what became of its trial."""
        try:
            return self._close(claim, number, limits)
        except Gone:  # this one was taken for dead as well
            return 0

    def _close(self, claim: Claim, number: int | None, limits: Limits) -> int:
        if number is None:
            self.slots.hand_back(claim, claim.retry_of)
            return 0
        study = self.study(claim.arm)
        end_trial(study, number, "its coordinator was killed, or its machine is gone")
        trial = study.get_trials(deepcopy=False)[number]
        about = trial.user_attrs.get(ATTRIBUTE, {})
        if trial.state in (TrialState.COMPLETE, TrialState.PRUNED) and about.get("state") != "infeasible":
            self.slots.count(claim, about.get("epochs", 0), about.get("seconds", 0.0))
            return 0
        if about.get("lost", True):
            self.slots.lose(claim, limits, number)
        else:
            self.slots.hand_back(claim, None)
        return 1

    def _end_orphans(self, arm: str) -> int:
        """End trials that no slot names: a kill fell between Optuna's trial and the slot that was to hold it."""
        study = self.study(arm)
        running = [t.number for t in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))]
        if not running:
            return 0
        held = self.slots.held(arm)
        if None in held:  # somebody is just about to say which trial is theirs
            return 0
        return sum(
            end_trial(study, number, "its coordinator was killed") for number in set(running) - set(held)
        )


def end_trial(study: optuna.Study, number: int, reason: str) -> bool:
    """Fail a trial that nobody works at any more; returns whether it was still running."""
    trial = study.get_trials(deepcopy=False)[number]
    if trial.state.is_finished():
        return False
    about = {"state": "failed", "reason": reason, "epochs": 0, "seconds": 0.0, "lost": True}
    try:
        study._storage.set_trial_user_attr(  # pyright: ignore[reportPrivateUsage]
            trial._trial_id,  # pyright: ignore[reportPrivateUsage]
            ATTRIBUTE,
            {**trial.user_attrs.get(ATTRIBUTE, {}), **about},
        )
        study.tell(number, state=TrialState.FAIL)
    except (optuna.exceptions.UpdateFinishedTrialError, ValueError):
        return False  # it ended just now
    return True
