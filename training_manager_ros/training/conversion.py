"""Converting raw recordings while what is converted already is uploaded."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import anyio

from training_manager_ros.errors import Cancelled
from training_manager_ros.training.control import Control
from training_manager_ros.training.manifest import LocalFile, stamp_of
from training_manager_ros.training.progress import Meter

__all__ = ["Conversion", "convert"]


class Conversion(Protocol):
    """What turns raw recordings into what is uploaded, while the rest is uploaded already."""

    def pending(self) -> Mapping[str, int]:
        """Files that it will replace or remove, so that they are not sent as they are.

        By name, with the bytes that are expected to come of each.
        """

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
    """Run a conversion in a thread; if this is cancelled, it is stopped and waited for.

    `add` gets each file that is ready. Raises what the conversion raises.
    """
    expected = dict(conversion.pending())
    meter.expect(len(expected), sum(expected.values()))
    meter.converted(0)
    loop = asyncio.get_running_loop()
    inner = Control()
    ended: asyncio.Future[None] = loop.create_future()

    def obey() -> None:
        if control.cancelled:
            inner.cancel()
        (inner.pause if control.paused else inner.resume)()

    def found(name: str) -> None:
        stamp = stamp_of(folder / name)
        if name in expected:  # `add` counts what came of it
            meter.expect(-1, -expected.pop(name))
        if stamp is not None:
            add(LocalFile(name, folder / name, stamp))

    def ready(name: str) -> None:
        loop.call_soon_threadsafe(found, name)

    def tell(part: float) -> None:
        meter.stage(f"converting ({part:.0%}) and uploading")
        meter.converted(part)

    def progress(part: float) -> None:
        loop.call_soon_threadsafe(tell, part)

    def work() -> None:
        try:
            conversion.run(ready, progress, inner)
        except BaseException as error:
            loop.call_soon_threadsafe(ended.set_exception, error)
        else:
            loop.call_soon_threadsafe(ended.set_result, None)

    with control.listening(obey):
        thread = threading.Thread(target=work, name="conversion", daemon=True)
        thread.start()
        try:
            await asyncio.shield(ended)
        except asyncio.CancelledError:
            inner.cancel()
            with anyio.CancelScope(shield=True), suppress(Cancelled):
                await ended
            raise
    meter.converted(1)
    meter.stage("uploading")
