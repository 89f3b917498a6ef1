from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from training_manager_ros.errors import Conflict
from training_manager_ros.orchestrator import lifecycle
from training_manager_ros.orchestrator.lifecycle import ACTIVE, RULES, Event, Status, after

ALLOWED = {
    (Status.WAITING, Event.APPROVE): Status.APPROVED,
    (Status.WAITING, Event.REJECT): Status.REJECTED,
    (Status.WAITING, Event.FINISH): Status.DONE,
    (Status.APPROVED, Event.BOOT): Status.BOOTING,
    (Status.APPROVED, Event.FINISH): Status.DONE,
    (Status.BOOTING, Event.BOOT): Status.BOOTING,
    (Status.BOOTING, Event.START): Status.RUNNING,
    (Status.BOOTING, Event.FINISH): Status.DONE,
    (Status.RUNNING, Event.FINISH): Status.DONE,
    (Status.DONE, Event.DOWNLOAD): Status.DOWNLOADED,
    (Status.DOWNLOADED, Event.DOWNLOAD): Status.DOWNLOADED,
}


@pytest.mark.parametrize(("status", "event"), list(itertools.product(Status, Event)))
def test_every_pair_of_state_and_event(status, event):
    if (status, event) in ALLOWED:
        assert after(status, event) is ALLOWED[status, event]
    else:
        with pytest.raises(Conflict, match=event.value):
            after(status, event)


def test_nothing_leads_out_of_a_final_state_but_a_download():
    leaving = {e for e in Event for s in RULES[e].sources if s not in ACTIVE}
    assert leaving == {Event.DOWNLOAD}


def test_a_status_is_written_in_one_module_alone():
    """Only the run store changes `status`; everything else sends it events."""
    package = Path(lifecycle.__file__).parent
    writers = {
        path.name
        for path in package.rglob("*.py")
        if re.search(r"UPDATE runs|\"status\": status", path.read_text())
    }
    assert writers == {"run_store.py"}
