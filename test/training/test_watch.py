"""`training-manager watch` on a server whose failed runs keep the status that they had."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fault_server import KEY, FaultServer

from training_manager_ros.cli import main


def test_a_failure_beside_an_active_status_ends_it(
    server: FaultServer,
    make_skill: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("TRAINING_SERVER_URL", "INNATE_AUTH_ISSUER_URL", "INNATE_SERVICE_KEY"):
        monkeypatch.setenv(name, "")  # so that it is taken back at the end, whoever sets it
    folder = make_skill()
    metadata = {"name": "Pick", "type": "learned", "execution": {}, "training_skill_id": "s"}
    (folder / "metadata.json").write_text(json.dumps(metadata))
    server.skills["s"] = {"skill_id": "s"}
    failed = {"status": "running", "error_message": "The machine was lost."}
    server.runs["s", 1] = {"skill_id": "s", "run_id": 1, **failed}
    words = ["watch", folder.name, "1", "--skills-dir", str(folder.parent)]
    assert main([*words, "-s", server.url, "--issuer", server.issuer, "-t", KEY]) == 1
    out, err = capsys.readouterr()
    assert out == "pick-cup run 1: running\n"
    assert "The machine was lost." in err
