"""A serverless worker in Python, for `wci`'s subprocess provider: the greeter in another language.

It depends on the Temporal SDK (`pip install temporalio`) and on the package beside it. Environment
variables tell it which server, namespace and task queue to use. It polls as the Worker Deployment
Version that it was started for, and exits when it is idle, when the other workers suffice, when its
deadline approaches, or on SIGTERM.
"""

import asyncio
import os
import signal
import time
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    Worker,
    WorkerDeploymentConfig,
)

with workflow.unsafe.imports_passed_through():
    from temporal_worker_surplus import Consolidation

# Exits this long after its last activity.
IDLE = float(os.environ.get("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "5000")) / 1000
# Shuts down this long before its deadline, and waits this long for running tasks.
BUFFER, STOP = 8.0, 5.0


@dataclass
class Greeting:
    name: str
    work_ms: int = 0


@activity.defn(name="compose-greeting")
async def compose_greeting(greeting: Greeting) -> str:
    await asyncio.sleep(greeting.work_ms / 1000)
    return f"Hello, {greeting.name}!"


@workflow.defn(name="greet", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class Greet:
    @workflow.run
    async def run(self, greeting: Greeting) -> str:
        return await workflow.execute_activity(
            compose_greeting,
            greeting,
            start_to_close_timeout=timedelta(milliseconds=greeting.work_ms, seconds=30),
        )


class IdleTracker(Interceptor):
    """Tracks running activities. Workflow tasks are short compared with the idle timeout."""

    def __init__(self) -> None:
        self.running = 0
        self.last_end = time.monotonic()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        tracker = self

        class Counting(ActivityInboundInterceptor):
            async def execute_activity(self, input: ExecuteActivityInput) -> object:
                tracker.running += 1
                try:
                    return await self.next.execute_activity(input)
                finally:
                    tracker.running -= 1
                    tracker.last_end = time.monotonic()

        return Counting(next)

    def idle(self) -> bool:
        return self.running == 0 and time.monotonic() - self.last_end > IDLE


def time_left() -> float:
    """Seconds until the shutdown must begin."""
    deadline = os.environ.get("TEMPORAL_SERVERLESS_DEADLINE_MS")
    return float(deadline) / 1000 - time.time() - BUFFER if deadline else float("inf")


async def run() -> str:
    """Runs the worker and returns why it stopped."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    client = await Client.connect(
        os.environ["TEMPORAL_ADDRESS"],
        namespace=os.environ["TEMPORAL_NAMESPACE"],
        # The server's list of workers is as old as their heartbeats.
        runtime=Runtime(
            telemetry=TelemetryConfig(), worker_heartbeat_interval=timedelta(seconds=5)
        ),
        identity=os.environ.get("TEMPORAL_SERVERLESS_IDENTITY") or f"{os.getpid()}@python",
    )
    tracker = IdleTracker()
    consolidation = Consolidation.of_environment()
    version = WorkerDeploymentVersion(
        deployment_name=os.environ["TEMPORAL_DEPLOYMENT_NAME"],
        build_id=os.environ["TEMPORAL_WORKER_BUILD_ID"],
    )
    async with Worker(
        client,
        task_queue=os.environ["TEMPORAL_TASK_QUEUE"],
        workflows=[Greet],
        activities=[compose_greeting],
        interceptors=[tracker],
        plugins=[consolidation] if consolidation else [],
        deployment_config=WorkerDeploymentConfig(version=version, use_worker_versioning=True),
        max_concurrent_activities=5,
        graceful_shutdown_timeout=timedelta(seconds=STOP),
    ):
        while True:
            if stop.is_set():
                return "sigterm"
            if tracker.idle():
                return "idle"
            # The load does not need this worker, and it has nothing in hand.
            if consolidation and consolidation.leaves():
                return "surplus"
            if time_left() <= 0:
                return "deadline"
            try:
                await asyncio.wait_for(stop.wait(), 0.1)
            except asyncio.TimeoutError:
                pass


if __name__ == "__main__":
    print(f"worker stopped ({asyncio.run(run())})", flush=True)
