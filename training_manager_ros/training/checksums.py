"""What a store says about an object it holds: its size and, where it tells, its MD5.

MD5 because that is what stores tell; it finds damage and changes, and keeps nobody out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING

import httpx

from training_manager_ros.training.models import StoredObject

if TYPE_CHECKING:
    from hashlib import _Hash as Hash
else:
    Hash = type(hashlib.md5(usedforsecurity=False))

__all__ = ["Hash", "md5", "stored"]

_MD5_TAG = re.compile(r'"?([0-9a-fA-F]{32})"?')


def md5() -> Hash:
    """A fresh MD5, also on machines that forbid it for secrets."""
    return hashlib.md5(usedforsecurity=False)


def stored(headers: httpx.Headers, size: int | None = None) -> StoredObject:
    """What the headers of an answer about an object tell of its content."""
    return StoredObject(size, _md5(headers))


def _md5(headers: httpx.Headers) -> str | None:
    google = headers.get_list("x-goog-hash", split_commas=True)
    if google:  # its ETag need not be a hash
        named = (entry.strip().partition("=") for entry in google)
        return next((_from_base64(value) for name, _, value in named if name == "md5"), None)
    plain = headers.get("content-md5")
    if plain:
        return _from_base64(plain)
    # Objects that Amazon encrypts with keys of its own have an ETag that only looks like an MD5.
    if headers.get("x-amz-server-side-encryption", "AES256") != "AES256":
        return None
    if "x-amz-server-side-encryption-customer-algorithm" in headers:
        return None
    match = _MD5_TAG.fullmatch(headers.get("etag", ""))
    return match.group(1).lower() if match else None


def _from_base64(value: str) -> str | None:
    try:
        digest = base64.b64decode(value.strip(), validate=True)
    except binascii.Error:
        return None
    return digest.hex() if len(digest) == 16 else None
