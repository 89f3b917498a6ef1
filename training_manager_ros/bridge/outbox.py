"""What waits to be sent to one client: bounded, newest first to stay, at the rate it asked for.

Messages go straight to the socket until `HIGH_WATER` bytes are on their way; then they queue, in
ROS's form, and are converted only when the client has taken what is before them. A client that
takes nothing for `stall_limit` seconds is dropped.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial

from training_manager_ros.bridge.samples import Sample

__all__ = ["Outbox", "Subscription", "Wish"]

# Bytes on their way to the client, above which nothing more is converted for it.
HIGH_WATER = 512 * 1024
# Messages that wait for a slow client where it has not said how many: of latched state the newest
# alone matters, of a stream (logs, progress) a burst should survive.
LATCHED_QUEUE = 1
STREAM_QUEUE = 500
# And never more bytes than this, but for the newest message.
QUEUE_BYTES = 4 * 1024 * 1024
STALL_LIMIT = 30.0

_log = logging.getLogger("training_manager.bridge.outbox")


@dataclass(frozen=True)
class Wish:
    """One subscribe request."""

    throttle: float = 0.0  # least seconds between two messages
    queue_length: int = 0  # 0 = the bridge decides


class Outbox:
    """One client's way out. `write` sends a text; its future completes once the socket has it."""

    def __init__(
        self,
        write: Callable[[str], asyncio.Future[None]],
        drop: Callable[[str], None],
        loop: asyncio.AbstractEventLoop,
        stall_limit: float = STALL_LIMIT,
    ) -> None:
        self._write = write
        self._drop = drop
        self._loop = loop
        self._stall_limit = stall_limit
        self._on_its_way = 0
        self._ready: dict[Subscription, None] = {}  # in turn
        self._stalled: asyncio.TimerHandle | None = None
        self._relieved = asyncio.Event()
        self._relieved.set()
        self._closed = False

    @property
    def has_room(self) -> bool:
        """Whether the client takes what it is sent."""
        return self._on_its_way < HIGH_WATER

    def send(self, text: str) -> None:
        """Send at once. Whoever sends answers waits in `relieved` before taking more requests."""
        if self._closed:
            return
        self._on_its_way += len(text)
        self._write(text).add_done_callback(partial(self._sent, len(text)))
        if self._on_its_way >= HIGH_WATER:
            self._relieved.clear()
            if self._stalled is None:
                self._stalled = self._loop.call_later(self._stall_limit, self._give_up)

    async def relieved(self) -> None:
        """Wait until the client has taken enough of what was sent."""
        await self._relieved.wait()

    def close(self) -> None:
        """Forget everything that waits."""
        self._closed = True
        self._ready.clear()
        self._relieved.set()
        if self._stalled is not None:
            self._stalled.cancel()

    def add(self, subscription: Subscription) -> None:
        """The subscription has something that may be sent."""
        self._ready[subscription] = None
        self._pump()

    def remove(self, subscription: Subscription) -> None:
        """The subscription is over."""
        self._ready.pop(subscription, None)

    def _sent(self, size: int, written: asyncio.Future[None]) -> None:
        self._on_its_way -= size
        if not written.cancelled():
            written.exception()  # the connection is gone; whoever closes it tidies up
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
            if self._on_its_way >= HIGH_WATER and not self._closed:
                self._stalled = self._loop.call_later(self._stall_limit, self._give_up)
        if self._on_its_way < HIGH_WATER:
            self._relieved.set()
            self._pump()

    def _pump(self) -> None:
        while self._ready and self._on_its_way < HIGH_WATER and not self._closed:
            subscription = next(iter(self._ready))
            del self._ready[subscription]
            text = subscription.next_text(self._loop.time())
            if text is not None:
                self.send(text)
            if subscription.due_now:
                self._ready[subscription] = None

    def _give_up(self) -> None:
        self._stalled = None
        self._drop(f"the client has taken nothing for {self._stall_limit:g} s")


class Subscription:
    """One client's wish for one topic, however many parts of it asked: a `Listener` of the feed."""

    def __init__(self, topic: str, outbox: Outbox, loop: asyncio.AbstractEventLoop) -> None:
        self.topic = topic  # as the client spells it
        self._wishes: dict[Hashable, Wish] = {}
        self._throttle = 0.0
        self._queue_length = 0
        self._head = f'{{"op":"publish","topic":{json.dumps(topic)},"msg":'
        self._outbox = outbox
        self._loop = loop
        self._queue: deque[Sample] = deque()
        self._bytes = 0
        self._next_time = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def due_now(self) -> bool:
        """Whether another message may be sent at once."""
        return bool(self._queue) and self._timer is None

    @property
    def wanted(self) -> bool:
        """Whether any subscribe request is left."""
        return bool(self._wishes)

    def want(self, request_id: Hashable, wish: Wish) -> None:
        """Add a subscribe request, or change the one with this id."""
        self._wishes[request_id] = wish
        self._combine()

    def unwant(self, request_id: Hashable) -> bool:
        """Take back one request, or all of them without an id; False if there was none."""
        if request_id is None:
            found = bool(self._wishes)
            self._wishes.clear()
        else:
            found = self._wishes.pop(request_id, None) is not None
        self._combine()
        return found

    def offer(self, sample: Sample) -> None:
        """A message has come from ROS."""
        if self._closed:
            return
        self._queue.append(sample)
        self._bytes += len(sample.raw)
        if self._timer is None:
            self._outbox.add(self)
        self._trim(sample.latched)

    def next_text(self, now: float) -> str | None:
        """The next message to send; None if there is none, or not yet."""
        if not self._queue:
            return None
        if now < self._next_time:
            self._timer = self._loop.call_at(self._next_time, self._due)
            return None
        self._next_time = now + self._throttle
        sample = self._queue.popleft()
        self._bytes -= len(sample.raw)
        try:
            return f"{self._head}{sample.json()}}}"
        except Exception:
            # The publisher's type differs from ours, or its text is broken: not the client's fault.
            _log.exception("A message on %s can't be converted to JSON", self.topic)
            return None

    def close(self) -> None:
        """Take and send nothing more."""
        self._closed = True
        self._queue.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._outbox.remove(self)

    def _due(self) -> None:
        self._timer = None
        if self._queue:
            self._outbox.add(self)

    def _combine(self) -> None:
        # The protocol's rule for several requests: the shortest interval, the longest queue.
        wishes = self._wishes.values()
        self._throttle = min((wish.throttle for wish in wishes), default=0.0)
        self._queue_length = max((wish.queue_length for wish in wishes), default=0)

    def _trim(self, latched: bool) -> None:
        one = latched or self._throttle > 0
        limit = self._queue_length or (LATCHED_QUEUE if one else STREAM_QUEUE)
        while len(self._queue) > limit or (self._bytes > QUEUE_BYTES and len(self._queue) > 1):
            self._bytes -= len(self._queue.popleft().raw)
