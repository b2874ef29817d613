"""Slots that count their use, and a gate that stops new polls before the worker leaves."""

import asyncio
import threading
import time
from enum import IntEnum
from typing import Dict, List, Optional, Tuple

from temporalio.worker import (
    CustomSlotSupplier,
    SlotMarkUsedContext,
    SlotPermit,
    SlotReleaseContext,
    SlotReserveContext,
)

from .rule import BusyMean


class Polls(IntEnum):
    """The tasks that the worker polls for."""

    ALL = 0
    OF_CACHED_WORKFLOWS = 1
    NONE = 2


class Ledger:
    """What the worker does: tasks that run, polls that are under way. Any thread may use it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.polls = Polls.ALL
        self.running: Dict[str, int] = {}
        self.open_polls = 0
        self.last_change: Optional[float] = None
        self.last_workflow_task: Optional[float] = None
        self._means: Dict[str, BusyMean] = {}
        self._waiting: List[Tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def begins(self, kinds: List[str]) -> None:
        now = time.monotonic()
        self._means = {kind: BusyMean(now) for kind in kinds}
        self.running = {kind: 0 for kind in kinds}

    def busy(self) -> Dict[str, float]:
        """The mean number of busy slots by task type."""
        with self.lock:
            now = time.monotonic()
            for kind, mean in self._means.items():
                mean.record(now, self.running[kind])
            return {kind: mean.until(now, self.running[kind]) for kind, mean in self._means.items()}

    def count(self, kind: str, change: int) -> None:
        """A task of this type starts or ends. The caller holds the lock."""
        now = time.monotonic()
        if kind in self._means:
            self._means[kind].record(now, self.running[kind])
            self.running[kind] += change
        self.last_change = now
        if kind == "workflow" and change < 0:
            self.last_workflow_task = now

    def set(self, polls: Polls) -> None:
        with self.lock:
            self.polls = polls
            self.notify()

    def notify(self) -> None:
        """Wakes those that wait for a slot or an open gate. The caller holds the lock."""
        waiting, self._waiting = self._waiting, []
        for loop, event in waiting:
            loop.call_soon_threadsafe(event.set)

    def changed(self) -> asyncio.Event:
        """An event that is set with the next change. The caller holds the lock."""
        event = asyncio.Event()
        self._waiting.append((asyncio.get_running_loop(), event))
        return event


class Permit(SlotPermit):
    def __init__(self, is_open_poll: bool) -> None:
        super().__init__()
        self.is_open_poll = is_open_poll


class Slots(CustomSlotSupplier):
    """A fixed number of slots for tasks of one type."""

    def __init__(self, ledger: Ledger, kind: str, size: int) -> None:
        self._ledger, self._kind, self._free = ledger, kind, size

    async def reserve_slot(self, ctx: SlotReserveContext) -> SlotPermit:
        while True:
            with self._ledger.lock:
                permit = self._reserve(ctx.is_sticky, True)
                if permit is not None:
                    return permit
                changed = self._ledger.changed()
            await changed.wait()

    def try_reserve_slot(self, ctx: SlotReserveContext) -> Optional[SlotPermit]:
        with self._ledger.lock:
            return self._reserve(ctx.is_sticky, False)

    def _reserve(self, is_sticky: bool, is_poll: bool) -> Optional[Permit]:
        limit = Polls.OF_CACHED_WORKFLOWS if is_sticky else Polls.ALL
        if self._free <= 0 or self._ledger.polls > limit:
            return None
        self._free -= 1
        is_open_poll = is_poll and not is_sticky
        self._ledger.open_polls += is_open_poll
        return Permit(is_open_poll)

    def mark_slot_used(self, ctx: SlotMarkUsedContext) -> None:
        with self._ledger.lock:
            self._ledger.count(self._kind, 1)
            self._end_poll(ctx.permit)

    def release_slot(self, ctx: SlotReleaseContext) -> None:
        with self._ledger.lock:
            self._free += 1
            self._end_poll(ctx.permit)
            if ctx.slot_info is not None:
                self._ledger.count(self._kind, -1)
            self._ledger.notify()

    def _end_poll(self, permit: SlotPermit) -> None:
        if isinstance(permit, Permit) and permit.is_open_poll:
            permit.is_open_poll = False
            self._ledger.open_polls -= 1
