"""What is one owner's is nobody else's: every call, tried with another owner's valid key."""

from __future__ import annotations

import json

import httpx
import pytest

CALLS = [
    ("GET", "/skills/{skill}", None),
    ("PATCH", "/skills/{skill}", {"name": "taken"}),
    ("DELETE", "/skills/{skill}", None),
    ("POST", "/skills/{skill}/files", {"filenames": ["data/x"]}),
    ("GET", "/storage/list/{skill}", None),
    ("GET", "/storage/list/{skill}/{run}", None),
    ("GET", "/skills/{skill}/runs", None),
    ("POST", "/skills/{skill}/runs", {"training_params": {"preset": "smoke"}}),
    ("GET", "/skills/{skill}/runs/{run}", None),
    ("PUT", "/skills/{skill}/runs/{run}", {"status": "downloaded"}),
    ("POST", "/skills/{skill}/runs/{run}/cancel", None),
    ("POST", "/skills/{skill}/runs/{run}/approve", None),
    ("POST", "/skills/{skill}/runs/{run}/reject", None),
    ("GET", "/skills/{skill}/runs/{run}/log", None),
    ("GET", "/skills/{skill}/runs/{run}/log?follow=true", None),
    ("GET", "/skills/{skill}/runs/{run}/metrics", None),
    # the run of one skill through another skill, which is the caller's own
    ("GET", "/skills/{mine}/runs/{run}", None),
    ("PUT", "/skills/{mine}/runs/{run}", {"status": "downloaded"}),
    ("POST", "/skills/{mine}/runs/{run}/cancel", None),
    ("GET", "/skills/{mine}/runs/{run}/log", None),
    ("GET", "/skills/{mine}/runs/{run}/metrics", None),
    ("GET", "/storage/list/{mine}/{run}", None),
]


@pytest.fixture
def theirs(manual_server):
    owner = manual_server.owner("alice")
    skill = owner.skill({"data/x": b"secret data"})
    run = owner.run(skill)
    return owner, skill, run


@pytest.fixture
def manual_server(make_server):
    server = make_server()
    server.write_settings('approval = "manual"')
    return server.start()


def test_another_owner_gets_nothing_and_changes_nothing(manual_server, theirs):
    alice, skill, run = theirs
    bob = manual_server.owner("bob")
    mine = bob.skill()
    before = alice.get(skill, run)
    for method, path, body in CALLS:
        address = path.format(skill=skill, run=run, mine=mine)
        answer = bob.http.request(method, address, content=body and json.dumps(body).encode())
        assert answer.status_code == 404, (method, address, answer.text)
        assert "secret" not in answer.text
        nobody = httpx.request(method, f"{manual_server.base}{address}")
        assert nobody.status_code == 401, (method, address)
    assert [s["skill_id"] for s in bob.http.get("/skills").json()] == [mine]
    assert bob.http.get("/runs").json() == []
    assert alice.get(skill, run) == before
    assert alice.http.get(f"/skills/{skill}").json()["name"] == "pick"
    assert list(alice.files(skill)) == ["data/x"]


def test_the_owner_can_do_all_of_it(manual_server, theirs):
    """The table above is of calls that exist."""
    alice, skill, run = theirs
    other = alice.skill()
    for method, path, body in CALLS:
        if "{mine}" in path or "follow" in path or method == "DELETE":
            continue
        address = path.format(skill=skill, run=run, mine=other)
        answer = alice.http.request(method, address, content=body and json.dumps(body).encode())
        assert answer.status_code in (200, 201, 409), (method, address, answer.text)
