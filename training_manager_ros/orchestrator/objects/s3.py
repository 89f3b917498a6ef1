"""Objects in an S3-compatible bucket: clients talk to it directly, by presigned URLs.

Needs boto3 (`pip install training_manager[s3]`), and takes its credentials from where boto3 looks
for them. A presigned download URL is good for GET alone; a client that asks HEAD gets 403 from most
stores, and may ask for one byte instead.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training_manager_ros.errors import InvalidInput, NotFound, Unreadable
from training_manager_ros.orchestrator.objects import ObjectInfo, ObjectKey, ObjectStore, Place
from training_manager_ros.orchestrator.settings import S3Settings

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError as error:
    raise InvalidInput(
        "An S3 object store needs boto3: pip install 'training_manager[s3]'."
    ) from error

__all__ = ["S3Objects"]

LARGEST_PUT = 5 * 1000**3  # bytes; S3 takes more only in parts, and has no MD5 of those
PIECE = 1 << 20
MD5 = re.compile(r"[0-9a-f]{32}")
MOST_DELETED = 1000  # objects that one call deletes


class S3Objects(ObjectStore):
    """One bucket, or the part of it below a prefix."""

    def __init__(self, settings: S3Settings, lifetime: float) -> None:
        self._bucket = settings.bucket
        self._prefix = f"{settings.prefix.strip('/')}/" if settings.prefix.strip("/") else ""
        self._lifetime = int(lifetime)
        own = bool(settings.endpoint_url)
        self._client: Any = boto3.client(
            "s3",
            region_name=settings.region,
            endpoint_url=settings.endpoint_url or None,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path" if own else "auto"},
                # other makers' stores do not all know Amazon's newer checksums
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                retries={"mode": "standard", "max_attempts": 5},
                connect_timeout=10,
                max_pool_connections=16,
            ),
        )

    def upload_url(self, base: str, key: ObjectKey) -> str:
        """A presigned PUT."""
        return self._presigned("put_object", key)

    def download_url(self, base: str, key: ObjectKey) -> str:
        """A presigned GET."""
        return self._presigned("get_object", key)

    def list(self, place: Place) -> dict[str, ObjectInfo]:
        """What is there, by name."""
        prefix = f"{self._prefix}{place.skill_id}/{place.run_id}/"
        found: dict[str, ObjectInfo] = {}
        with _told(prefix):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                for item in page.get("Contents", ()):
                    name = item["Key"].removeprefix(prefix)
                    found[name] = ObjectInfo(item["Size"], _md5(item.get("ETag", "")))
        return found

    def fetch(self, key: ObjectKey, target: Path) -> None:
        """Copy an object, checked by its hash where the store has one."""
        digest = hashlib.md5(usedforsecurity=False)
        with _told(key.name), target.open("xb") as file:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key(key))
            for piece in answer["Body"].iter_chunks(PIECE):
                file.write(piece)
                digest.update(piece)
        size, expected = target.stat().st_size, _md5(answer["ETag"])
        if size != answer["ContentLength"] or expected not in (None, digest.hexdigest()):
            raise Unreadable(f"{key.name} is damaged in the object store: upload it again.")

    def store(self, key: ObjectKey, source: Path) -> ObjectInfo:
        """Keep a copy of a file."""
        size = source.stat().st_size
        with _told(key.name):
            if size > LARGEST_PUT:
                self._client.upload_file(str(source), self._bucket, self._key(key))
                return ObjectInfo(size, None)
            with source.open("rb") as file:
                answer = self._client.put_object(Bucket=self._bucket, Key=self._key(key), Body=file)
        return ObjectInfo(size, _md5(answer["ETag"]))

    def delete(self, place: Place) -> None:
        """Remove everything of a place."""
        names = [*self.list(place)]
        for first in range(0, len(names), MOST_DELETED):
            keys = [
                {"Key": self._key(ObjectKey(place, name))}
                for name in names[first : first + MOST_DELETED]
            ]
            with _told(place.skill_id):
                self._client.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": keys, "Quiet": True}
                )

    def _presigned(self, call: str, key: ObjectKey) -> str:
        parameters = {"Bucket": self._bucket, "Key": self._key(key)}
        url: str = self._client.generate_presigned_url(
            call, Params=parameters, ExpiresIn=self._lifetime
        )
        return url

    def _key(self, key: ObjectKey) -> str:
        return self._prefix + key.path


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Turn boto3's errors into sentences."""
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404"):
            raise NotFound(f"{what} is not in the object store.") from error
        raise Unreadable(f"The object store refused {what}: {error}.") from error
    except BotoCoreError as error:
        raise Unreadable(f"The object store does not answer: {error}.") from error


def _md5(etag: str) -> str | None:
    text = etag.strip('"')
    return text if MD5.fullmatch(text) else None  # of an upload in parts it is no MD5
