"""The rule, without a clock, a server or random numbers: does the load need this worker?

A worker is surplus if for every task type that it polls for, the younger workers and those that do
not consolidate have enough slots, and at least one younger worker consolidates. Enough means that
at most a given share of the tasks finds no free slot (Erlang's C formula).
"""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Iterable, Mapping, Optional, Sequence

# Task types; local activities are part of workflow tasks.
TYPES = ("workflow", "activity", "nexus")

# How fast a mean forgets the past, in seconds.
TIME_CONSTANT = 30.0
# Above this load the formula is not evaluated: the spare slots grow with the root of the load.
LARGE = 10_000.0


class Judgement(Enum):
    NEEDED = "needed"
    SURPLUS = "surplus"
    POLLS_FOR_NOTHING = "nothing"


@dataclass(frozen=True)
class Listed:
    """A worker in the server's list. Times are seconds since the Unix epoch."""

    key: str
    started: float
    # Whether it leaves by this rule, too. Others count as capacity only.
    consolidates: bool
    # By task type; 0 or missing for a type that it does not poll for.
    slots: Mapping[str, int]
    # How many of them were taken when it reported them.
    used: Mapping[str, int]


@dataclass(frozen=True)
class Looker:
    """The worker that looks at the list."""

    key: str
    started: float
    slots: Mapping[str, int]
    # The mean number of its busy slots by task type; missing if it does not know.
    busy: Mapping[str, float]


def slots_needed(load: float, share: float) -> int:
    """The fewest slots with which at most `share` of the tasks find none free, at least one.

    `load` is the mean number of busy slots.
    """
    if math.isnan(load) or load <= 0:
        return 1
    share = 0.001 if math.isnan(share) else min(max(share, 0.001), 0.9)
    if load > LARGE:
        spare = slots_needed(LARGE, share) - LARGE
        return math.ceil(load + spare * math.sqrt(load / LARGE))
    slots, blocked = 0, 1.0
    while slots == 0 or _waiting(slots, load, blocked) > share:
        slots += 1
        blocked = load * blocked / (slots + load * blocked)
    return slots


def _waiting(slots: int, load: float, blocked: float) -> float:
    """Erlang C from Erlang B: `blocked` is the probability with these slots and no queue."""
    if load >= slots:
        return 1.0
    return blocked / (1.0 - load / slots * (1.0 - blocked))


def judge(me: Looker, listed: Iterable[Listed], share: float) -> Judgement:
    """Whether the load of the listed workers needs the worker `me`, which may be among them."""
    workers = list(listed)
    polled = [kind for kind in TYPES if me.slots.get(kind, 0) > 0]
    if not polled:
        return Judgement.POLLS_FOR_NOTHING
    surplus = all(_others_suffice(me, workers, share, kind) for kind in polled)
    return Judgement.SURPLUS if surplus else Judgement.NEEDED


def _others_suffice(me: Looker, workers: Sequence[Listed], share: float, kind: str) -> bool:
    younger, others, consolidating, used_by_the_rest = 0, 0, 1, 0
    own = _finite(me.busy.get(kind))
    # Two views of the load: what this worker does, times their number, and what all reported.
    reported = own if own is not None else _own_report(me, workers, kind)
    for other in workers:
        slots, used = other.slots.get(kind, 0), other.used.get(kind, 0)
        if slots <= 0 or other.key == me.key:
            continue
        reported += used
        if other.consolidates:
            consolidating += 1
        else:
            used_by_the_rest += used
        # The oldest leave: a list that is some seconds old cannot hurt that order.
        if not other.consolidates or (me.started, me.key) < (other.started, other.key):
            others += slots
            younger += other.consolidates
    scaled = own * consolidating + used_by_the_rest if own is not None else 0.0
    # Leaving on the larger one needs both views to agree, so an error of one costs time only.
    return younger > 0 and others >= slots_needed(max(scaled, reported), share)


def _finite(value: Optional[float]) -> Optional[float]:
    return value if value is not None and math.isfinite(value) else None


def _own_report(me: Looker, workers: Sequence[Listed], kind: str) -> float:
    return next((float(it.used.get(kind, 0)) for it in workers if it.key == me.key), 0.0)


def pause(interval: float, listed: int, spread: float) -> float:
    """Seconds until the next look, if the latest found `listed` workers.

    `spread`, from 0 to 1, is random. A version's workers look about once a second together.
    """
    return max(interval, float(listed)) * (0.5 + spread)


class BusyMean:
    """An exponentially weighted mean over time of a number, corrected for its age."""

    def __init__(self, start: float) -> None:
        self._at, self._sum, self._weight = start, 0.0, 0.0

    def record(self, now: float, busy: int) -> None:
        """Records that the number was `busy` from the latest record until `now`."""
        kept = math.exp(-max(0.0, now - self._at) / TIME_CONSTANT)
        self._sum = self._sum * kept + busy * (1.0 - kept)
        self._weight = self._weight * kept + (1.0 - kept)
        self._at = max(self._at, now)

    def until(self, now: float, busy: int) -> float:
        """The mean until `now`, if the number has been `busy` since the latest record."""
        self.record(now, busy)
        return self._sum / self._weight if self._weight > 0 else float(busy)
