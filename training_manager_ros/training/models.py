"""What the training server answers, as frozen values.

Read tolerantly: unknown fields are dropped, unknown statuses kept as they are, missing fields
empty, times with or without a zone. Only what identifies a thing must be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from training_manager_ros.errors import Unavailable
from training_manager_ros.training.reading import (
    Json,
    as_object,
    is_within,
    number,
    parse_time,
    text,
    whole,
)
from training_manager_ros.training.step_words import steps_in_words

__all__ = [
    "DONE",
    "DOWNLOADED",
    "ENDED",
    "Listing",
    "Metrics",
    "RunProgress",
    "ServerInfo",
    "ServerRun",
    "ServerSkill",
    "SignedUrls",
    "StoredObject",
]

DONE = "done"
DOWNLOADED = "downloaded"
ENDED = frozenset({DONE, DOWNLOADED, "rejected"})  # statuses that no run leaves by itself
_KNOWN = ENDED | {"waiting_for_approval", "approved", "booting", "running"}
_MOST_RUN = 2**32 - 1
_MOST_STEP = 2**63 - 1
_LONGEST_WORD = 200  # characters of a status, an address …
_LONGEST_TEXT = 20_000  # of what a server tells in its own words
_DEEPEST = 50  # levels of training_params


@dataclass(frozen=True)
class ServerInfo:
    """What `GET /` tells; a server that has nothing to say there has no extras."""

    name: str = ""
    version: str = ""
    features: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, value: object) -> ServerInfo:
        """From the answer, whatever it is."""
        if not isinstance(value, Mapping):
            return cls()
        features = value.get("features")
        names = features if isinstance(features, list) else []
        return cls(
            name=text(value.get("name")),
            version=text(value.get("version")),
            features=frozenset(name for name in names if isinstance(name, str)),
        )


@dataclass(frozen=True)
class ServerSkill:
    """A skill as the training server knows it."""

    skill_id: str
    name: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @classmethod
    def parse(cls, value: object) -> ServerSkill:
        """From the answer; raises `Unavailable` where it is no skill."""
        fields = as_object(value, "a skill")
        skill_id = text(fields.get("skill_id"))
        if not skill_id:
            raise Unavailable("The training server's answer names no skill_id.")
        return cls(
            skill_id=skill_id,
            name=text(fields.get("name")),
            created_at=parse_time(fields.get("created_at")),
            updated_at=parse_time(fields.get("updated_at")),
        )


@dataclass(frozen=True)
class RunProgress:
    """How far a run has come, as far as the server or the run's own words tell."""

    step: int
    total: int = 0  # 0: unknown
    loss: float | None = None
    seconds_left: float | None = None

    @classmethod
    def parse(cls, value: object) -> RunProgress | None:
        """From a run's or the metrics' `progress`; None where there is none."""
        if not isinstance(value, Mapping):
            return None
        step, total = whole(value.get("step")), whole(value.get("total")) or 0
        if step is None or not 0 <= step <= _MOST_STEP:
            return None
        left = number(value.get("seconds_left"))
        return cls(
            step=step,
            total=total if step <= total <= _MOST_STEP else 0,
            loss=number(value.get("loss")),
            seconds_left=left if left is not None and left >= 0 else None,
        )


@dataclass(frozen=True)
class ServerRun:
    """A training run as the training server knows it."""

    skill_id: str
    run_id: int
    status: str = ""
    daemon_state: str = ""
    error_message: str = ""
    training_params: Json = field(default_factory=dict)
    created_at: datetime | None = None
    updated_at: datetime | None = None
    approved_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    instance_ip: str = ""
    instance_type: str = ""
    commit: str = ""
    reported: RunProgress | None = None

    @classmethod
    def parse(cls, value: object, skill_id: str = "") -> ServerRun:
        """From the answer; raises `Unavailable` where it is no run.

        Whatever else is in there, the agent's secret among it, is dropped here.
        """
        fields = as_object(value, "a run")
        run_id = whole(fields.get("run_id"))
        if run_id is None or not 0 <= run_id <= _MOST_RUN:
            raise Unavailable("The training server's answer names no run_id that a run can have.")
        params = fields.get("training_params")
        sound = isinstance(params, Mapping) and is_within(params, _DEEPEST)
        return cls(
            skill_id=_word(fields.get("skill_id")) or skill_id,
            run_id=run_id,
            status=_status(fields.get("status")),
            daemon_state=text(fields.get("daemon_state"))[:_LONGEST_TEXT],
            error_message=text(fields.get("error_message"))[:_LONGEST_TEXT],
            training_params=dict(params) if isinstance(params, Mapping) and sound else {},
            created_at=parse_time(fields.get("created_at")),
            updated_at=parse_time(fields.get("updated_at")),
            approved_at=parse_time(fields.get("approved_at")),
            started_at=parse_time(fields.get("started_at")),
            finished_at=parse_time(fields.get("finished_at")),
            instance_ip=_word(fields.get("instance_ip")),
            instance_type=_word(fields.get("instance_type")),
            commit=_word(fields.get("commit")),
            reported=RunProgress.parse(fields.get("progress")),
        )

    @property
    def ended(self) -> bool:
        """Whether the server says that it is over."""
        return self.status in ENDED or self.finished_at is not None

    @property
    def active(self) -> bool:
        """Whether its state can still change by itself.

        A run that failed can't: the server may leave it in any status, for good. Should somebody
        take it up again there, the message goes, and it is active again.
        """
        return not self.ended and not self.error_message

    def progress(self, now: datetime) -> RunProgress | None:
        """What the server reports; else what `daemon_state` says in words; else None.

        There is time left only while it is active.
        """
        if self.reported is not None:
            return self.reported if self.active else replace(self.reported, seconds_left=None)
        told = steps_in_words(self.daemon_state)
        if told is None:
            return None
        step, total, loss = told
        return RunProgress(step, total, loss, self._seconds_left(step, total, now))

    def _seconds_left(self, step: int, total: int, now: datetime) -> float | None:
        if not self.active or self.started_at is None or step == 0:
            return None
        return max(0.0, (now - self.started_at).total_seconds()) / step * (total - step)

    def as_json(self) -> dict[str, object]:
        """What `parse` reads, to keep it on disk."""
        times = {
            name: moment.isoformat()
            for name in ("created_at", "updated_at", "approved_at", "started_at", "finished_at")
            if (moment := getattr(self, name)) is not None
        }
        reported = self.reported
        progress = {"progress": vars(reported)} if reported is not None else {}
        return {
            "skill_id": self.skill_id,
            "run_id": self.run_id,
            "status": self.status,
            "daemon_state": self.daemon_state,
            "error_message": self.error_message,
            "training_params": dict(self.training_params),
            "instance_ip": self.instance_ip,
            "instance_type": self.instance_type,
            "commit": self.commit,
            **times,
            **progress,
        }


def _word(value: object) -> str:
    return text(value)[:_LONGEST_WORD]


def _status(value: object) -> str:
    """A status as it is; a known one as we write it, whatever its case."""
    word = _word(value)
    known = word.strip().lower()
    return known if known in _KNOWN else word


def _urls(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {}
    return {name: url for name, url in value.items() if isinstance(url, str) and url}


@dataclass(frozen=True)
class SignedUrls:
    """Where to put files and where to get them again, by name. URLs are secrets: never shown."""

    upload: Mapping[str, str] = field(repr=False)
    download: Mapping[str, str] = field(repr=False)

    @classmethod
    def parse(cls, value: object) -> SignedUrls:
        """From the answer; raises `Unavailable` where it is none."""
        fields = as_object(value, "a set of upload addresses")
        return cls(_urls(fields.get("upload_urls")), _urls(fields.get("download_urls")))


@dataclass(frozen=True)
class StoredObject:
    """What a store has under a name, as far as it tells."""

    size: int | None = None
    md5: str | None = None  # hex


@dataclass(frozen=True)
class Listing:
    """The files of a skill or of a run on the server. Names are untrusted, URLs are secrets."""

    files: Mapping[str, str] = field(repr=False)
    objects: Mapping[str, StoredObject] = field(default_factory=dict)  # where the server tells

    @classmethod
    def parse(cls, value: object) -> Listing:
        """From the answer; raises `Unavailable` where it is none."""
        fields = as_object(value, "a list of files")
        files = as_object(fields.get("files"), "a list of files")
        told = fields.get("objects")
        objects = {
            name: StoredObject(whole(facts.get("size")), text(facts.get("md5")).lower() or None)
            for name, facts in (told.items() if isinstance(told, Mapping) else ())
            if isinstance(facts, Mapping)
        }
        return cls(_urls(files), objects)


@dataclass(frozen=True)
class Metrics:
    """The curves of a run: (step, value) by name; NaN where the value was not finite."""

    progress: RunProgress | None
    curves: Mapping[str, tuple[tuple[int, float], ...]]

    @classmethod
    def parse(cls, value: object) -> Metrics:
        """From the answer; points that are none are dropped."""
        fields = as_object(value, "a run's metrics")
        curves: dict[str, tuple[tuple[int, float], ...]] = {}
        told = fields.get("metrics")
        for name, points in told.items() if isinstance(told, Mapping) else ():
            kept = []
            for point in points if isinstance(points, list) else ():
                if not isinstance(point, list) or len(point) != 2:
                    continue
                step, level = whole(point[0]), number(point[1])
                if step is not None and 0 <= step <= _MOST_STEP:
                    kept.append((step, level if level is not None else float("nan")))
            curves[name] = tuple(kept)
        return cls(RunProgress.parse(fields.get("progress")), curves)
