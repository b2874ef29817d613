"""A worker plugin that applies the rule: it looks at the server's list of workers now and then."""

import asyncio
import logging
import os
import random
import socket
import time
from datetime import timedelta
from typing import Any, Awaitable, Callable, List, Mapping, Optional, Tuple

from temporalio.api.enums.v1 import WorkerStatus
from temporalio.api.worker.v1 import WorkerHeartbeat
from temporalio.api.workflowservice.v1 import ListWorkersRequest
from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    Plugin,
    Worker,
    WorkerConfig,
)

from .rule import TYPES, BusyMean, Judgement, Listed, Looker, judge, pause

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

logger = logging.getLogger(__name__)


class Consolidation(Interceptor, Plugin):
    """Tells a worker when the load does not need it. Pass it to `Worker` as a plugin.

    Use it only where something starts workers again when there is work. The worker needs heartbeats
    about every five seconds: `Runtime(worker_heartbeat_interval=timedelta(seconds=5))`.

    `wait_percent` is the share of tasks that may find no free slot among the workers that stay.
    `min_life` and `interval` are seconds.
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
        self._running = 0
        self._mean: Optional[BusyMean] = None
        self._surplus = False
        self._slots: Mapping[str, int] = {}

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
        """Whether to shut the worker down now: it is surplus, and no activity runs."""
        return self._surplus and self._running == 0

    # The plugin.

    def name(self) -> str:
        return MARK

    def configure_worker(self, config: WorkerConfig) -> WorkerConfig:
        config["interceptors"] = [*config.get("interceptors", []), self]
        has = {"workflow": config.get("workflows"), "activity": config.get("activities")}
        limits = {
            "workflow": config.get("max_concurrent_workflow_tasks"),
            "activity": config.get("max_concurrent_activities"),
        }
        # The SDK's default is 100 slots.
        self._slots = {kind: limits[kind] or 100 for kind in limits if has[kind]}
        return config

    async def run_worker(self, worker: Worker, next: Callable[[Worker], Awaitable[None]]) -> None:
        self._mean = BusyMean(time.monotonic())
        looking = asyncio.create_task(self._look(worker))
        try:
            await next(worker)
        finally:
            looking.cancel()

    def configure_replayer(self, config: Any) -> Any:
        return config

    async def run_replayer(self, replayer: Any, histories: Any, next: Any) -> Any:
        return next(replayer, histories)

    # The interceptor: it counts running activities.

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        consolidation = self

        class Counting(ActivityInboundInterceptor):
            async def execute_activity(self, input: ExecuteActivityInput) -> object:
                consolidation._count(1)
                try:
                    return await self.next.execute_activity(input)
                finally:
                    consolidation._count(-1)

        return Counting(next)

    def _count(self, change: int) -> None:
        if self._mean is not None:
            self._mean.record(time.monotonic(), self._running)
        self._running += change

    # The looks.

    async def _look(self, worker: Worker) -> None:
        await asyncio.sleep(max(self._min_life, pause(self._interval, 0, random.random())))
        failures = 0
        while True:
            try:
                listed, own = await self._read(worker)
                failures = 0
                self._surplus = own is not None and self._is_surplus(own, listed)
                wait = pause(self._interval, len(listed), random.random())
            except RPCError as error:
                # Without a list the worker stays.
                self._surplus = False
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
            entry = _entry(sent)
            if entry is not None:
                listed.append(entry)
                own = entry if _is_own(sent, client) else own
        return listed, own

    def _is_surplus(self, own: Listed, listed: List[Listed]) -> bool:
        # Workflow tasks are not counted here: they go by what the workers report.
        busy = {}
        if self._mean is not None:
            busy["activity"] = self._mean.until(time.monotonic(), self._running)
        me = Looker(own.key, own.started, self._slots, busy)
        return judge(me, listed, self._share) is Judgement.SURPLUS


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


def _entry(sent: WorkerHeartbeat) -> Optional[Listed]:
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
    started = _seconds(sent.start_time)
    return Listed(sent.worker_instance_key, started, consolidates, slots, used)


def _seconds(time: Any) -> float:
    return time.seconds + time.nanos / 1e9
