"""Running several coroutines at once so that the first error is the one that is raised."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import anyio

from training_manager_ros.errors import TrainingManagerError

__all__ = ["together"]

Work = Callable[[], Awaitable[None]]


async def together(work: Sequence[Work], background: Sequence[Work] = ()) -> None:
    """Run all of `work`; `background` runs meanwhile and is cancelled when the work is done.

    The first `TrainingManagerError` cancels the rest and is raised as it is, where a task group
    would raise a group of errors.
    """
    errors: list[TrainingManagerError] = []
    async with anyio.create_task_group() as everything:

        async def guarded(one: Work) -> None:
            try:
                await one()
            except TrainingManagerError as error:
                errors.append(error)
                everything.cancel_scope.cancel()

        for one in background:
            everything.start_soon(guarded, one)
        async with anyio.create_task_group() as foreground:
            for one in work:
                foreground.start_soon(guarded, one)
        everything.cancel_scope.cancel()
    if errors:
        raise errors[0]
