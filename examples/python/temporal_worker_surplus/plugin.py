"""A worker plugin that applies the rule: it looks at the server's list of workers now and then."""

import asyncio
import logging
import os
import random
import socket
import time
from datetime import timedelta
from typing import Any, Awaitable, Callable, Dict, List, Optional, Tuple

from temporalio.api.enums.v1 import WorkerStatus
from temporalio.api.worker.v1 import WorkerHeartbeat
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, ListWorkersRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import FixedSizeSlotSupplier, Plugin, Worker, WorkerConfig, WorkerTuner

from .rule import TYPES, Judgement, Listed, Looker, judge, pause
from .slots import Ledger, Polls, Slots

# Marks the workers that consolidate in the server's list. The Rust library uses it, too.
MARK = "temporal-worker-surplus"

# The workers that are read at most. The server sorts by random keys: a part is a fair sample.
PAGE = 500
# Seconds that the server may take.
TIMEOUT = 2.0
# Seconds after which a worker of this kind that sent no heartbeat is gone, and any other.
SILENCE, SILENCE_OF_OTHERS = 15.0, 180.0
# The longest pause after reads that failed, in seconds.
MAX_BACKOFF = 300.0
# Seconds without a task after which no cached workflow is due soon, how long such workflows keep a
# worker, and after which it leaves as soon as no task runs.
DUE_SOON, PATIENCE, GIVE_UP = 2.0, 30.0, 45.0
# Seconds without polls before the shutdown, and for how long the last polls are awaited.
SETTLE, LAST_POLLS = 0.3, 12.0

logger = logging.getLogger(__name__)


class Consolidation(Plugin):
    """Tells a worker when the load does not need it. Pass it to `Worker` as a plugin.

    Use it only where something starts workers again when there is work. The worker needs heartbeats
    about every five seconds: `Runtime(worker_heartbeat_interval=timedelta(seconds=5))`.

    `wait_percent` is the share of tasks that may find no free slot among the workers that stay.
    `min_life` and `interval` are seconds. It brings slots of its own, of the sizes in
    `max_concurrent_activities` and the like, so the worker cannot have another tuner.
    """

    def __init__(
        self, wait_percent: float = 10, min_life: float = 5, interval: float = 5
    ) -> None:
        if not 1 <= wait_percent <= 50 or min_life < 0 or interval < 1:
            raise ValueError(
                "wait_percent must be from 1 to 50, min_life 0 or more, and interval 1 or more"
            )
        self._share = wait_percent / 100
        self._min_life, self._interval = min_life, interval
        self._ledger = Ledger()
        self._slots: Dict[str, int] = {}
        self._caches = False
        self._has_nothing_in_hand = False

    @classmethod
    def of_environment(cls) -> Optional["Consolidation"]:
        """What the variables of the Rust library say; None if it is off or there is no deadline.

        A worker without a deadline may be one that nothing starts again.
        """
        value = os.environ.get
        if not value("TEMPORAL_SERVERLESS_DEADLINE_MS"):
            return None
        if (value("TEMPORAL_SERVERLESS_CONSOLIDATE") or "on").lower() == "off":
            return None
        return cls(
            float(value("TEMPORAL_SERVERLESS_CONSOLIDATE_WAIT_PERCENT") or 10),
            float(value("TEMPORAL_SERVERLESS_CONSOLIDATE_MIN_LIFE_MS") or 5000) / 1000,
            float(value("TEMPORAL_SERVERLESS_CONSOLIDATE_INTERVAL_MS") or 5000) / 1000,
        )

    def leaves(self) -> bool:
        """Whether to shut the worker down now: it is surplus, and has nothing in hand."""
        return self._has_nothing_in_hand

    def name(self) -> str:
        return MARK

    def configure_worker(self, config: WorkerConfig) -> WorkerConfig:
        if config.get("tuner") is not None:
            raise ValueError("Consolidation brings a tuner: remove `tuner` from the worker")
        sizes = {}
        for kind in ("workflow_tasks", "activities", "local_activities", "nexus_tasks"):
            # The SDK's default is 100 slots.
            sizes[kind] = config.get(f"max_concurrent_{kind}") or 100
            config[f"max_concurrent_{kind}"] = None  # type: ignore[literal-required]
        if config.get("workflows"):
            self._slots["workflow"] = sizes["workflow_tasks"]
            self._caches = config.get("max_cached_workflows", 1000) > 0
        if config.get("activities"):
            self._slots["activity"] = sizes["activities"]
        config["tuner"] = WorkerTuner.create_composite(
            workflow_supplier=Slots(self._ledger, "workflow", sizes["workflow_tasks"]),
            activity_supplier=Slots(self._ledger, "activity", sizes["activities"]),
            local_activity_supplier=FixedSizeSlotSupplier(sizes["local_activities"]),
            nexus_supplier=FixedSizeSlotSupplier(sizes["nexus_tasks"]),
        )
        return config

    async def run_worker(self, worker: Worker, next: Callable[[Worker], Awaitable[None]]) -> None:
        self._ledger.begins(list(self._slots))
        looking = asyncio.create_task(self._look(worker))
        try:
            await next(worker)
        finally:
            looking.cancel()

    def configure_replayer(self, config: Any) -> Any:
        return config

    async def run_replayer(self, replayer: Any, histories: Any, next: Any) -> Any:
        return next(replayer, histories)

    async def _look(self, worker: Worker) -> None:
        await asyncio.sleep(max(self._min_life, pause(self._interval, 0, random.random())))
        failures = 0
        while True:
            try:
                listed, own = await self._read(worker)
                failures = 0
                if own is not None and self._is_surplus(own, listed):
                    logger.info("the other workers suffice; taking no more tasks")
                    return await self._retire(worker)
                wait = pause(self._interval, len(listed), random.random())
            except RPCError as error:
                # Without a list the worker stays.
                if error.status == RPCStatusCode.UNIMPLEMENTED:
                    logger.info("the server does not list workers; not consolidating")
                    return
                failures += 1
                wait = min(self._interval * 2 ** min(failures, 10), MAX_BACKOFF)
                level = logging.WARNING if failures == 1 else logging.DEBUG
                logger.log(level, "cannot list the workers; this one stays: %s", error.message)
            await asyncio.sleep(wait)

    async def _read(self, worker: Worker) -> Tuple[List[Listed], Optional[Listed]]:
        """The listed workers, and this one among them if the server knows it."""
        client: Client = worker.client
        request = ListWorkersRequest(
            namespace=client.namespace,
            page_size=PAGE,
            query=_query(worker),
        )
        timeout = timedelta(seconds=TIMEOUT)
        response = await client.workflow_service.list_workers(request, timeout=timeout)
        listed, own = [], None
        for info in response.workers_info[:PAGE]:
            sent = info.worker_heartbeat
            entry = _entry(sent, self._slots)
            if entry is not None:
                listed.append(entry)
                own = entry if _is_own(sent, client) else own
        return listed, own

    def _is_surplus(self, own: Listed, listed: List[Listed]) -> bool:
        me = Looker(own.key, own.started, self._slots, self._ledger.busy())
        return judge(me, listed, self._share) is Judgement.SURPLUS

    async def _retire(self, worker: Worker) -> None:
        """Waits until the worker has nothing in hand. It takes no new tasks meanwhile."""
        ledger, began = self._ledger, time.monotonic()
        ends_polls = await _ends_polls(worker.client)
        while True:
            ledger.set(Polls.OF_CACHED_WORKFLOWS)
            while self._in_hand(began, ends_polls):
                await asyncio.sleep(0.05)
            ledger.set(Polls.NONE)
            before = ledger.last_change
            # A poll for cached workflows that reached the server after the news of the shutdown
            # would have the server keep their tasks for this worker.
            is_late = time.monotonic() > began + GIVE_UP
            await asyncio.sleep(SETTLE if self._caches and not is_late else 0)
            if is_late or ledger.last_change == before:
                self._has_nothing_in_hand = True
                return

    def _in_hand(self, began: float, ends_polls: bool) -> bool:
        """Whether tasks run, or more are likely."""
        ledger, now = self._ledger, time.monotonic()
        if any(ledger.running.values()):
            return True
        if not ends_polls and ledger.open_polls > 0 and now < began + LAST_POLLS:
            return True
        if not self._caches or ledger.last_change is None:
            return False
        due = ledger.last_change + DUE_SOON
        # Workflow tasks may go on forever. The activities that this worker has do not.
        if ledger.last_workflow_task == ledger.last_change:
            due = min(due, began + PATIENCE)
        return now < due


async def _ends_polls(client: Client) -> bool:
    """Whether the server ends the polls of a worker that shuts down."""
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        timeout = timedelta(seconds=TIMEOUT)
        found = await client.workflow_service.describe_namespace(request, timeout=timeout)
    except RPCError:
        return False
    return found.namespace_info.capabilities.worker_poll_complete_on_shutdown


def _query(worker: Worker) -> str:
    terms = {"TaskQueue": worker.task_queue, "Status": "Running"}
    deployment = worker.config().get("deployment_config")
    if deployment is not None:
        terms["DeploymentName"] = deployment.version.deployment_name
        terms["BuildId"] = deployment.version.build_id
    return " AND ".join(f"{name}={_literal(value)}" for name, value in terms.items())


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _is_own(sent: WorkerHeartbeat, client: Client) -> bool:
    host = sent.host_info
    here = (socket.gethostname(), str(os.getpid()))
    return sent.worker_identity == client.identity and (host.host_name, host.process_id) == here


def _entry(sent: WorkerHeartbeat, own_slots: Dict[str, int]) -> Optional[Listed]:
    """The worker that sent this heartbeat, unless it is gone."""
    consolidates = any(plugin.name == MARK for plugin in sent.plugins)
    silence = time.time() - _seconds(sent.heartbeat_time)
    longest = SILENCE if consolidates else SILENCE_OF_OTHERS
    if sent.status != WorkerStatus.WORKER_STATUS_RUNNING or silence > longest:
        return None
    slots, used = {}, {}
    for kind in TYPES:
        info = getattr(sent, f"{kind}_task_slots_info")
        poller = getattr(sent, f"{kind}_poller_info")
        # A busy worker may have no poll open just then.
        polls = poller.current_pollers > 0 or poller.HasField("last_successful_poll_time")
        if polls or info.current_used_slots > 0 or info.total_processed_tasks > 0:
            used[kind] = max(0, info.current_used_slots)
            slots[kind] = used[kind] + max(0, info.current_available_slots)
            # Slots like these do not report their number: it is that of this worker.
            if consolidates and info.slot_supplier_kind != "Fixed":
                slots[kind] = own_slots.get(kind, 0)
    started = _seconds(sent.start_time)
    return Listed(sent.worker_instance_key, started, consolidates, slots, used)


def _seconds(time: Any) -> float:
    return time.seconds + time.nanos / 1e9
