"""What stores tell about what they hold."""

from __future__ import annotations

import base64
import hashlib

import httpx
import pytest

from training_manager_ros.training.checksums import stored

MD5 = hashlib.md5(b"content").hexdigest()
B64 = base64.b64encode(bytes.fromhex(MD5)).decode()


@pytest.mark.parametrize(
    ("headers", "md5"),
    [
        ([("ETag", f'"{MD5}"')], MD5),
        ([("ETag", f'"{MD5.upper()}"')], MD5),
        ([("ETag", MD5)], MD5),
        ([("ETag", f'W/"{MD5}"')], None),
        ([("ETag", f'"{MD5}-3"')], None),  # sent in parts
        ([("ETag", '"0x8D4BCC2E4835CD0"')], None),
        ([("Content-MD5", B64)], MD5),
        ([("Content-MD5", B64), ("ETag", '"0x8D4BCC2E4835CD0"')], MD5),
        ([("Content-MD5", "no base64!")], None),
        ([("Content-MD5", "c2hvcnQ=")], None),
        ([("x-goog-hash", f"crc32c=AAAAAA==,md5={B64}")], MD5),
        ([("x-goog-hash", "crc32c=AAAAAA=="), ("x-goog-hash", f"md5={B64}")], MD5),
        ([("x-goog-hash", "crc32c=AAAAAA=="), ("ETag", f'"{MD5}"')], None),  # put together there
        ([("ETag", f'"{MD5}"'), ("x-amz-server-side-encryption", "AES256")], MD5),
        ([("ETag", f'"{MD5}"'), ("x-amz-server-side-encryption", "aws:kms")], None),
        ([("ETag", f'"{MD5}"'), ("x-amz-server-side-encryption-customer-algorithm", "A")], None),
        ([], None),
    ],
)
def test_hashes(headers: list[tuple[str, str]], md5: str | None) -> None:
    assert stored(httpx.Headers(headers)).md5 == md5
