"""Slots: an arm has as many as its budget has trials, and a trial counts once it has closed one.

Optuna counts trials after the fact, so several workers overshoot any limit. Here a worker takes a free slot in one
transaction, fills it with a trial, and closes it when the trial has ended; a slot whose coordinator is gone is taken
over by another.
"""

import contextlib
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from seqlab.sweep.database import SLOTS, Database, patient
from seqlab.sweep.owners import Owners


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A slot that is taken.

    Args:
        arm: whose.
        slot: its number, from 0.
        failures: how many trials of this slot have failed by themselves.
        losses: how many were lost to the machine.
        retry_of: the trial whose parameters are to be tried again, or None.
    """

    arm: str
    slot: int
    failures: int = 0
    losses: int = 0
    retry_of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an arm may spend, and how often a slot is tried again."""

    trials: int
    epochs: int | None
    seconds: float | None
    retries: int


class Gone(Exception):
    """This coordinator was taken for dead and its slot given to another: its trial does not count."""


class Slots:
    """The slots of all arms of a sweep, for one coordinator.

    Args:
        database: the sweep's.
        sweep: its name.
        owners: who else is there.
    """

    def __init__(self, database: Database, sweep: str, owners: Owners) -> None:
        self._database, self._sweep, self._owners = database, sweep, owners
        # Slots that somebody here has been given. Others may be this coordinator's by the table: the database was
        # lost at the very moment when they were taken.
        self._held: set[tuple[str, int]] = set()

    @patient
    def claim(self, arm: str, limits: Limits) -> Claim | Literal["wait", "done"]:
        """Take a slot of an arm.

        Returns:
            The claim; "wait" while others are at work on the last slots; "done" when all are closed or the arm has
            spent its hours or epochs.
        """
        with self._holding() as hold, self._database.exclusive() as connection:
            own = (SLOTS.c.sweep == self._sweep, SLOTS.c.arm == arm)
            totals = sa.select(sa.func.count(), sa.func.sum(SLOTS.c.epochs), sa.func.sum(SLOTS.c.seconds))
            used, epochs, seconds = connection.execute(totals.where(*own)).one()
            if limits.epochs is not None and (epochs or 0) >= limits.epochs:
                return "done"
            if limits.seconds is not None and (seconds or 0.0) >= limits.seconds:
                return "done"
            open_ones = sa.select(SLOTS).where(*own, SLOTS.c.state != "counted", SLOTS.c.slot < limits.trials)
            rows = connection.execute(open_ones.order_by(SLOTS.c.slot)).all()
            for row in rows:
                if row.state == "free" or (row.state == "given_up" and row.failures <= limits.retries):
                    taken = {"state": "taken", "owner": self._owners.name, "trial": None}
                    connection.execute(SLOTS.update().where(*self._at(arm, row.slot)).values(**taken))
                    return hold(claim_of(row))
            if used < limits.trials:  # slots are begun in order
                fresh = {"failures": 0, "losses": 0, "epochs": 0, "seconds": 0.0}
                taken = {"slot": used, "state": "taken", "owner": self._owners.name, **fresh}
                connection.execute(SLOTS.insert().values(sweep=self._sweep, arm=arm, **taken))
                return hold(Claim(arm=arm, slot=used))
            return "wait" if any(row.state == "taken" for row in rows) else "done"

    @patient
    def fill(self, claim: Claim, trial: int) -> None:
        """Say which trial a slot holds.

        Raises:
            Gone: if the slot is no longer ours.
        """
        with self._database.exclusive() as connection:
            self._require(connection, claim)
            connection.execute(SLOTS.update().where(*self._at(claim.arm, claim.slot)).values(trial=trial))

    def count(self, claim: Claim, epochs: int, seconds: float) -> None:
        """Close a slot: its trial has used up its budget.

        Raises:
            Gone: if the slot is no longer ours.
        """
        self._leave(claim, {"state": "counted"}, epochs, seconds)

    def fail(self, claim: Claim, limits: Limits) -> bool:
        """Give a slot back whose trial failed by itself, so that other parameters are tried; too often: for good.

        Returns:
            Whether there will be another trial.

        Raises:
            Gone: if the slot is no longer ours.
        """
        failures = claim.failures + 1
        state = "free" if failures <= limits.retries else "given_up"
        self._leave(claim, {"state": state, "failures": failures, "retry_of": None})
        return state == "free"

    def lose(self, claim: Claim, limits: Limits, trial: int) -> bool:
        """Give a slot back whose trial was lost to the machine: the same parameters again, too often: others.

        Returns:
            Whether the same parameters are tried again.

        Raises:
            Gone: if the slot is no longer ours.
        """
        losses = (
            claim.losses + 1
        )  # never counted from anew: it also says that the next proposal is another one
        again = losses % (limits.retries + 1) != 0
        self._leave(claim, {"state": "free", "losses": losses, "retry_of": trial if again else None})
        return again

    def hand_back(self, claim: Claim, retry_of: int | None) -> None:
        """Give a slot back that nobody is to blame for: the sweep was asked to stop.

        Raises:
            Gone: if the slot is no longer ours.
        """
        self._leave(claim, {"state": "free", "retry_of": retry_of})

    @patient
    def adopt(self) -> list[tuple[Claim, int | None]]:
        """Take over the slots of coordinators that are gone; each with the trial that it held, if any."""
        adopted: list[tuple[Claim, int | None]] = []
        with self._holding() as hold, self._database.exclusive() as connection:
            taken = connection.execute(
                sa.select(SLOTS).where(SLOTS.c.sweep == self._sweep, SLOTS.c.state == "taken")
            ).all()
            alive = {owner: self._owners.alive(connection, owner) for owner in {row.owner for row in taken}}
            for row in taken:
                forgotten = row.owner == self._owners.name and (row.arm, row.slot) not in self._held
                if forgotten or not alive[row.owner]:
                    at = self._at(row.arm, row.slot)
                    connection.execute(SLOTS.update().where(*at).values(owner=self._owners.name))
                    adopted.append((hold(claim_of(row)), row.trial))
            self._owners.forget_the_dead(connection)
        return adopted

    @patient
    def held(self, arm: str) -> list[int | None]:
        """The trials in an arm's taken slots; None for one that is just about to be filled."""
        with self._database.reading() as connection:
            taken = connection.execute(
                sa.select(SLOTS.c.trial).where(
                    SLOTS.c.sweep == self._sweep, SLOTS.c.arm == arm, SLOTS.c.state == "taken"
                )
            )
            return list(taken.scalars())

    @contextlib.contextmanager
    def _holding(self) -> Generator[Callable[[Claim], Claim]]:
        """Note down, within a transaction, which slots it takes; forget them where that fails."""
        taken: list[tuple[str, int]] = []

        def hold(claim: Claim) -> Claim:
            taken.append((claim.arm, claim.slot))
            self._held.add(taken[-1])
            return claim

        try:
            yield hold
        except BaseException:
            self._held.difference_update(taken)
            raise

    @patient
    def _leave(self, claim: Claim, values: Mapping[str, Any], epochs: int = 0, seconds: float = 0.0) -> None:
        with self._database.exclusive() as connection:
            self._require(connection, claim)
            used = {"epochs": SLOTS.c.epochs + epochs, "seconds": SLOTS.c.seconds + seconds}
            change = SLOTS.update().where(*self._at(claim.arm, claim.slot))
            connection.execute(change.values(owner=None, **used, **values))

    def _require(self, connection: sa.Connection, claim: Claim) -> None:
        owner = connection.execute(
            sa.select(SLOTS.c.owner).where(*self._at(claim.arm, claim.slot), SLOTS.c.state == "taken")
        ).scalar()
        if owner != self._owners.name:
            raise Gone

    def _at(self, arm: str, slot: int) -> tuple[Any, ...]:
        return (SLOTS.c.sweep == self._sweep, SLOTS.c.arm == arm, SLOTS.c.slot == slot)


def claim_of(row: Any) -> Claim:
    """A claim as the table has it."""
    return Claim(arm=row.arm, slot=row.slot, failures=row.failures, losses=row.losses, retry_of=row.retry_of)
