"""What is subscribed to on ROS: one feed a topic, shared by all clients that listen to it.

A latched topic needs a transient-local reader, which a volatile publisher does not match; a
best-effort publisher matches no reliable reader. So a feed has up to two readers: a strict one
(reliable, transient-local) where a publisher latches or none is there yet, and a lax one where
there are publishers that the strict one can't match. What both get is handed on once. A strict
reader where nobody latches would have every publisher warn of it in the robot's log.

Who joins a latched topic later gets a strict reader of its own for some seconds: only the
publishers know what they latched, and how much of it.

Everything here runs in the executor's thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from training_manager_ros.bridge.joiners import Joiner
from training_manager_ros.bridge.rosthread import RosThread
from training_manager_ros.bridge.samples import Listener, Once, Sample

try:
    from rclpy.event_handler import SubscriptionEventCallbacks, UnsupportedEventTypeError
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks, UnsupportedEventTypeError

__all__ = ["Feed"]

# More than the 500 lines that ~/logs latches; also what a burst may leave in the middleware.
DEPTH = 1000
# Messages taken at one go before other entities get their turn.
BATCH = 100
# How long a joiner's own reader has to bring nothing before it is given up, in seconds.
QUIET = 3.0
# The graph shows a new publisher a little later than the middleware reports it: look again.
LOOKS = 20
LOOK_AGAIN = 0.1
# A latching publisher that joins others is reported by nobody: look for one, in seconds.
WATCH = 1.0


class Feed:
    """One topic's readers and listeners. Exists while it has listeners."""

    def __init__(self, ros: RosThread, topic: str, cls: Any) -> None:
        self.cls = cls
        self._ros = ros
        self._node = ros.node
        self._topic = topic
        self._live: tuple[Listener, ...] = ()
        self._joiners: dict[Listener, Joiner] = {}
        self._once = Once()
        self._newest: Sample | None = None
        self._strict: Any = None
        self._lax: Any = None
        self._lax_reliability: Any = None
        self._looks = 0
        self._watching = False
        self._timers: set[Any] = set()
        self._match()

    @property
    def empty(self) -> bool:
        """Whether nobody listens any more."""
        return not self._live and not self._joiners

    def add(self, listener: Listener) -> None:
        """Hand on to this listener too, first of all what is latched.

        For one that listens already, what is latched comes again.
        """
        if self.empty:
            self._live = (listener,)  # the feed is new: its strict reader brings what is latched
            return
        self._settle(listener)
        self._match()
        if self._strict is not None and self._latching():
            self._live = tuple(other for other in self._live if other is not listener)
            self._join(listener)
        elif listener not in self._live:
            self._live = (*self._live, listener)

    def remove(self, listener: Listener) -> None:
        """Hand on nothing more to this listener."""
        joiner = self._joiners.pop(listener, None)
        if joiner is not None:
            self._node.destroy_subscription(joiner.reader)
        self._live = tuple(other for other in self._live if other is not listener)

    def close(self) -> None:
        """Destroy everything made in ROS."""
        for timer in self._timers:
            self._node.destroy_timer(timer)
        self._timers.clear()
        for listener in list(self._joiners):
            self.remove(listener)
        for reader in (self._strict, self._lax):
            if reader is not None:
                self._node.destroy_subscription(reader)

    def _arrived(self, raw: bytes, way: int) -> None:
        if self._lax is not None and not self._once.first(raw, way):
            return
        sample = self._newest = Sample(raw, self.cls, latched=way == 0)
        if self._live:
            self._ros.hand(_offer, self._live, sample, size=len(raw))
        for joiner in self._joiners.values():
            joiner.heard(sample)

    # Joining a latched topic

    def _latching(self) -> bool:
        return any(p.durability == DurabilityPolicy.TRANSIENT_LOCAL for p in self._profiles())

    def _join(self, listener: Listener) -> None:
        def deliver(sample: Sample) -> None:
            # The newest may have been converted for others already, which takes a while if large.
            if self._newest is not None and sample.raw == self._newest.raw:
                sample = self._newest
            self._ros.hand(listener.offer, sample, size=len(sample.raw))

        def look() -> None:
            if self._joiners.get(listener) is not joiner:
                return
            if joiner.complete():
                self._settle(listener)
            else:
                self._after(QUIET, look)

        joiner = Joiner(self.cls, deliver, lambda arrived: self._strict_reader(arrived, {}))
        self._joiners[listener] = joiner
        self._after(QUIET, look)

    def _settle(self, listener: Listener) -> None:
        joiner = self._joiners.pop(listener, None)
        if joiner is not None:
            self._node.destroy_subscription(joiner.reader)
            joiner.deliver_held()
            self._live = (*self._live, listener)

    # Which readers the publishers need

    def _profiles(self) -> list[Any]:
        infos = self._node.get_publishers_info_by_topic(self._topic)
        return [info.qos_profile for info in infos]

    def _match(self) -> None:
        profiles = self._profiles()
        if self._strict is None and (not profiles or self._latching()):
            self._strict = self._strict_reader(lambda raw: self._arrived(raw, 0), self._events)
        best_effort = any(p.reliability == ReliabilityPolicy.BEST_EFFORT for p in profiles)
        volatile = any(p.durability != DurabilityPolicy.TRANSIENT_LOCAL for p in profiles)
        if best_effort or volatile:
            self._need_lax(
                ReliabilityPolicy.BEST_EFFORT if best_effort else ReliabilityPolicy.RELIABLE
            )
        if self._strict is None and not self._watching:
            self._watching = True
            self._after(WATCH, self._watch)

    def _need_lax(self, reliability: Any) -> None:
        if self._lax_reliability in (reliability, ReliabilityPolicy.BEST_EFFORT):
            return
        if self._lax is not None:
            self._node.destroy_subscription(self._lax)
        self._lax_reliability = reliability
        self._lax = self._reader(
            QoSProfile(depth=DEPTH, reliability=reliability, durability=DurabilityPolicy.VOLATILE),
            lambda raw: self._arrived(raw, 1),
            self._events,
        )

    @property
    def _events(self) -> dict[str, Any]:
        return {"incompatible_qos": self._unmatched}

    def _watch(self) -> None:
        self._watching = False
        self._match()

    def _unmatched(self, _event: Any) -> None:
        looking = self._looks > 0
        self._looks = LOOKS
        if not looking:
            self._look()

    def _look(self) -> None:
        self._match()
        self._looks -= 1
        if self._looks > 0:
            self._after(LOOK_AGAIN, self._look)

    # Entities of ROS

    def _strict_reader(self, arrived: Callable[[bytes], None], events: dict[str, Any]) -> Any:
        qos = QoSProfile(
            depth=DEPTH,
            reliability=ReliabilityPolicy.RELIABLE,
            durability=DurabilityPolicy.TRANSIENT_LOCAL,
        )
        return self._reader(qos, arrived, events)

    def _reader(
        self, qos: QoSProfile, arrived: Callable[[bytes], None], events: dict[str, Any]
    ) -> Any:
        reader: Any = None

        def take(raw: bytes) -> None:
            arrived(raw)
            # One turn of rclpy's executor costs more than the message: take what else is there.
            with reader.handle:
                for _ in range(BATCH):
                    taken = reader.handle.take_message(self.cls, True)
                    if taken is None:
                        break
                    arrived(taken[0])

        def create(events: dict[str, Any]) -> Any:
            callbacks = SubscriptionEventCallbacks(use_default_callbacks=False, **events)
            return self._node.create_subscription(
                self.cls, self._topic, take, qos, raw=True, event_callbacks=callbacks
            )

        try:
            reader = create(events)
        except UnsupportedEventTypeError:  # a middleware in which everything matches
            reader = create({})
        return reader

    def _after(self, seconds: float, call: Callable[[], None]) -> None:
        def once() -> None:
            self._timers.discard(timer)
            self._node.destroy_timer(timer)
            call()

        timer = self._node.create_timer(
            seconds, once, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )
        self._timers.add(timer)


def _offer(listeners: tuple[Listener, ...], sample: Sample) -> None:
    for listener in listeners:
        listener.offer(sample)
