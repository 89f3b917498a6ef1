"""Child processes that come back when they die, and all end when their parent does."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Child", "Supervisor"]

_log = logging.getLogger("training_manager.panel")

_TETHER = Path(__file__).with_name("tether.py")
_PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)  # seconds before a start after an end
_SOUND_AFTER = 60.0  # seconds after which an end counts as the first again
_ESCALATION = ((signal.SIGINT, 1.5), (signal.SIGTERM, 1.0), (signal.SIGKILL, 1.0))


@dataclass(frozen=True)
class Child:
    """A process to keep running."""

    name: str  # as the log calls it
    command: tuple[str, ...]
    environment: Mapping[str, str]


class Supervisor:
    """Starts children, each in a process group of its own, so that a terminal's Ctrl-C reaches
    only this process, which then ends them in order.
    """

    def __init__(
        self,
        children: tuple[Child, ...],
        pauses: tuple[float, ...] = _PAUSES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._children = children
        self._pauses = pauses
        self._clock = clock
        self._running: set[asyncio.subprocess.Process] = set()
        self._keepers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start all children and keep them running."""
        self._keepers = [asyncio.create_task(self._keep(child)) for child in self._children]

    async def stop(self) -> None:
        """End all children: asked, then told, then killed; in less than four seconds."""
        for keeper in self._keepers:
            keeper.cancel()
        if self._keepers:
            await asyncio.wait(self._keepers)
        await asyncio.gather(*(_end(process) for process in self._running))

    async def _keep(self, child: Child) -> None:
        attempt = 0
        while True:
            started = self._clock()
            process = await self._spawn(child)
            code = await process.wait()
            _end_group(process)
            self._running.discard(process)
            if self._clock() - started > _SOUND_AFTER:
                attempt = 0
            pause = self._pauses[min(attempt, len(self._pauses) - 1)]
            attempt += 1
            _log.error("%s %s; it starts again in %g s.", child.name, _ending(code), pause)
            await asyncio.sleep(pause)

    async def _spawn(self, child: Child) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(_TETHER), str(os.getpid()), *child.command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,  # what they have to say they log, on stderr
            env=child.environment,
            start_new_session=True,
        )
        self._running.add(process)
        _log.debug("%s runs as process %d.", child.name, process.pid)
        return process


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


async def _end(process: asyncio.subprocess.Process) -> None:
    for number, patience in _ESCALATION:
        if process.returncode is not None:
            break
        try:
            process.send_signal(number)
            await asyncio.wait_for(process.wait(), patience)
        except (asyncio.TimeoutError, ProcessLookupError):
            continue
    _end_group(process)


def _end_group(process: asyncio.subprocess.Process) -> None:
    """End what a child left behind."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
