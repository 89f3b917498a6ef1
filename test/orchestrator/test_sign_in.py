from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
from urllib.parse import urlsplit

import httpx
import pytest

from training_manager_ros.orchestrator.tokens import Tokens
from training_manager_ros.training import load_settings


def sign_in(owner):
    return httpx.post(
        f"{owner.server.base}/token", headers={"Authorization": f"Bearer {owner.key}"}
    )


def call(server, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    return httpx.get(f"{server.base}/skills", headers=headers)


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_discovery_leads_to_a_token_that_signs_in(server, owner):
    document = httpx.get(f"{server.base}/.well-known/openid-configuration").json()
    assert document["token_endpoint"] == f"{server.base}/token"
    token = sign_in(owner).json()["token"]
    assert claims(token)["exp"] - claims(token)["iat"] == 3600
    assert call(server, f"Bearer {token}").status_code == 200


def test_the_key_itself_is_a_bearer_token_too(server, owner):
    assert call(server, f"Bearer {owner.key}").json() == []


def b64(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forged(owner):
    token = sign_in(owner).json()["token"]
    head, body, signature = token.split(".")
    none = b64({"alg": "none"})
    hs = hmac.new(b"", f"{head}.{body}".encode(), hashlib.sha256).digest()
    return {
        "nothing": None,
        "no scheme": token,
        "another scheme": f"Basic {token}",
        "empty": "Bearer",
        "garbage": "Bearer x.y.z",
        "dots": "Bearer ..",
        "not ASCII": b"Bearer \xff\xfe",
        "unsigned": f"Bearer {none}.{body}.",
        "unsigned, old signature": f"Bearer {none}.{body}.{signature}",
        "altered owner": f"Bearer {head}.{b64({**claims(token), 'sub': 'x'})}.{signature}",
        "longer life": f"Bearer {head}.{b64({**claims(token), 'exp': 9e9})}.{signature}",
        "cut signature": f"Bearer {head}.{body}.{signature[:-2]}",
        "empty key": f"Bearer {head}.{body}." + base64.urlsafe_b64encode(hs).decode().rstrip("="),
        "a key that never was": "Bearer tmk_00000000_" + "A" * 43,
        "half a key": f"Bearer {owner.key[:-1]}",
    }


def test_whatever_is_not_ours_is_refused(server, owner):
    for what, authorization in forged(owner).items():
        answer = call(server, authorization)
        assert answer.status_code == 401, what
        assert answer.json()["detail"], what
        assert answer.headers["WWW-Authenticate"].startswith("Bearer error="), what


def test_a_wrong_token_is_told_from_no_token(server, owner):
    assert 'error="invalid_token"' in call(server, "Bearer x.y.z").headers["WWW-Authenticate"]
    assert 'error="invalid_token"' not in call(server, None).headers["WWW-Authenticate"]


def test_a_wrong_key_gets_no_token(server):
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}):
        assert httpx.post(f"{server.base}/token", headers=headers).status_code == 401


def test_a_revoked_key_ends_its_tokens_at_once(server, owner):
    token = sign_in(owner).json()["token"]
    key_id = owner.key.split("_")[1]
    assert server.command("keys", "revoke", key_id).returncode == 0
    for text in (token, owner.key):
        assert call(server, f"Bearer {text}").status_code == 401
    assert sign_in(owner).status_code == 401
    again = server.command("keys", "revoke", key_id)
    assert (again.returncode, "revoked already" in again.stderr) == (1, True)
    assert server.command("keys", "revoke", "nothing").returncode != 0


def test_keys_are_listed_without_their_text_and_stored_hashed(server, owner):
    listed = json.loads(server.command("keys", "list", "--json").stdout)
    key_id, secret = owner.key.split("_", 2)[1:]
    mine = next(key for key in listed if key["key_id"] == key_id)
    assert mine["revoked_at"] is None
    assert key_id in server.command("keys", "list").stdout
    assert secret not in json.dumps(listed)
    on_disk = b"".join(path.read_bytes() for path in server.folder.glob("server.sqlite*"))
    assert key_id.encode() in on_disk
    assert secret.encode() not in on_disk


def test_a_key_is_made_while_the_server_runs(server):
    made = server.command("keys", "create", "lab", "--note", "arm 3")
    assert made.returncode == 0
    assert call(server, f"Bearer {made.stdout.strip()}").json() == []
    assert "arm 3" in server.command("keys", "list").stdout
    assert server.command("keys", "create", "").returncode != 0


def test_two_keys_of_one_name_are_one_owner(server):
    one, two = server.owner("shared"), server.owner("shared")
    skill = one.skill()
    assert two.http.get(f"/skills/{skill}").status_code == 200


def test_tokens_expire_by_the_clock():
    now = [1000.0]
    tokens = Tokens(b"k" * 32, 60, lambda: now[0])
    token = tokens.issue("http://x", "owner", "key")
    now[0] += 59
    assert tokens.check(token) == ("owner", "key")
    now[0] += 1
    assert tokens.check(token) is None
    assert Tokens(b"other" * 8, 60, lambda: 1000.0).check(token) is None


@pytest.mark.parametrize("payload", [[], {"sub": 1}, {"sub": "o", "kid": "k", "exp": "9"}, "x"])
def test_well_signed_nonsense_is_no_token(payload):
    tokens = Tokens(b"k" * 32, 60, lambda: 0.0)
    body = f"{b64({'alg': 'HS256'})}.{b64(payload)}"
    assert tokens.check(f"{body}.{tokens._sign(body)}") is None


def test_without_sign_in_only_loopback(make_server):
    server = make_server("open", "--no-auth").start()
    assert httpx.get(f"{server.base}/skills").json() == []
    foreign = [{"Origin": "http://evil.example"}, {"Host": "evil.example"}, {"Origin": "null"}]
    for headers in foreign:
        assert (
            httpx.post(f"{server.base}/skills", headers=headers, content=b"{}").status_code == 403
        )
    refused = make_server("wide", "--no-auth", "--host", "0.0.0.0").command(
        "--no-auth", "--host", "0.0.0.0", "--port", "0"
    )
    assert refused.returncode != 0
    assert "loopback" in refused.stderr


def test_the_local_key_is_made_once_and_again_when_it_is_revoked(make_server, tmp_path):
    file = tmp_path / "state" / "client.env"
    server = make_server("data", "--local-key", str(file)).start()
    client = load_settings(environ={}, file=file)  # refuses what others can read
    assert client.server_url == client.issuer_url == server.base
    key = client.service_key
    assert call(server, f"Bearer {key}").status_code == 200
    server.stop()
    server.start()
    assert load_settings(environ={}, file=file) == client
    server.command("keys", "revoke", key.split("_")[1])
    server.stop()
    file.chmod(0o644)
    server.start()
    again = load_settings(environ={}, file=file).service_key
    assert again != key
    assert call(server, f"Bearer {again}").status_code == 200


def test_with_a_local_key_any_port_is_the_last_one_while_it_is_free(make_server, tmp_path):
    file = tmp_path / "client.env"

    def start():
        made = make_server("data", "--local-key", str(file))
        return made.start(), urlsplit(load_settings(environ={}, file=file).server_url).port

    first, port = start()
    assert first.stop() == 0
    second, again = start()
    assert again == port
    assert second.stop() == 0
    with socket.create_server(("127.0.0.1", port)):
        third, other = start()
        assert other != port
        assert httpx.get(f"{third.base}/skills").status_code == 401
