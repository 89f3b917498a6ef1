"""Converting raw recordings while what is converted already is uploaded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol

import anyio
from anyio import to_thread

from training_manager_ros.training.control import Control
from training_manager_ros.training.manifest import LocalFile, stamp_of
from training_manager_ros.training.progress import Meter
from training_manager_ros.training.together import together

__all__ = ["Conversion", "convert"]


class Conversion(Protocol):
    """What turns raw recordings into what is uploaded, while the rest is uploaded already."""

    def pending(self) -> Collection[str]:
        """Names of files that it will replace or remove, so that they are not sent as they are."""

    def run(
        self, ready: Callable[[str], None], progress: Callable[[float], None], control: Control
    ) -> None:
        """Convert; tell each file that is whole, by its name below the skill's folder.

        `progress` takes the part that is done, 0 to 1. Runs in a thread of its own; both may be
        called from any thread.
        """


async def convert(
    conversion: Conversion,
    folder: Path,
    add: Callable[[LocalFile], None],
    meter: Meter,
    control: Control,
) -> None:
    """Run a conversion in a thread; stop it when this is cancelled."""
    loop = asyncio.get_running_loop()
    inner = Control()

    def obey() -> None:
        if control.cancelled:
            inner.cancel()
        (inner.pause if control.paused else inner.resume)()

    def found(name: str) -> None:
        stamp = stamp_of(folder / name)
        if stamp is not None:
            add(LocalFile(name, folder / name, stamp))

    def ready(name: str) -> None:
        loop.call_soon_threadsafe(found, name)

    def progress(part: float) -> None:
        loop.call_soon_threadsafe(meter.stage, f"converting ({part:.0%}) and uploading")

    async def run() -> None:
        with control.listening(obey):
            await to_thread.run_sync(conversion.run, ready, progress, inner)
        meter.stage("uploading")

    async def stop() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            inner.cancel()

    await together([run], [stop])
