"""The Training tab in a real browser, with a training server of one's own on loopback."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from driver import button, metadata, until, without_server
from playwright.sync_api import Locator, Page, expect
from test_panel_layout import FAINT, NAMELESS, SMALL

SERVER = """\
default_preset = "smoke"
approval = "manual"
stop_runs = true
stop_grace = 0.5
[prices]
H100 = 2.5
"""
# Whether the focus is in a dialog, or on its way round in what is the browser's own.
WITHIN = "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
LOG = "[print('n%d. line of a log' % i) for i in range(4000)]; import time; time.sleep(600)"


@pytest.fixture(scope="module")
def trainer(sample_skills, start_real_robot, tmp_path_factory) -> Any:
    """A robot with two skills and a training server, on which a person approves each run."""
    folder = tmp_path_factory.mktemp("trainer")
    for name in ("pick-up-cup", "fold-towel"):
        shutil.copytree(sample_skills / name, folder / "skills" / name, symlinks=True)
    server = folder / "server"
    server.mkdir()
    (server / "server.toml").write_text(SERVER)
    return start_real_robot(folder / "skills", "--own-server", str(server))


def box(page: Page, name: str) -> Locator:
    return page.get_by_role("textbox", name=name, exact=True)


def step(page: Page) -> Locator:
    """Where the run is on its life line."""
    return page.get_by_role("list", name="Life line").locator("[aria-current=step]")


def upload_on_dataset_page(page: Page) -> None:
    button(page.locator("[data-actions]"), "Upload").click()
    dialog = page.get_by_role("dialog", name=re.compile("^Upload"))
    expect(dialog).to_contain_text("never uploaded")
    expect(dialog).to_contain_text(re.compile(r"2 episodes in \d+ files"))
    button(dialog, "Upload").click()
    expect(dialog.locator("[data-upload-state='uploaded']")).to_be_visible()
    expect(dialog).to_contain_text(re.compile(r"\d+ files sent"))
    button(dialog, "Close").click()


def ask_for_a_run(page: Page, steps: int) -> None:
    page.get_by_role("link", name="New run").click()
    expect(page.get_by_text("are on the training server")).to_be_visible()
    expect(page.locator("[data-changes='0']")).to_be_visible()
    box(page, "MAX_STEPS").fill(str(steps))
    box(page, "BATCH_SIZE").fill("8")
    expect(page.locator("[data-field='hyperparameters.MAX_STEPS']")).to_contain_text("changed")
    expect(page.get_by_text("2 values changed")).to_be_visible()
    button(page, "Start run").click()


def test_the_whole_way(trainer, browsing) -> None:
    """Upload, run, follow, download, activate, roll back: without a reload, without a shell."""
    skill: Path = trainer.skills / "pick-up-cup"
    page = browsing.open(trainer, "#/datasets/pick-up-cup")
    upload_on_dataset_page(page)
    page.get_by_role("link", name="Training").first.click()
    page.get_by_label("Skill", exact=True).select_option("pick-up-cup")
    ask_for_a_run(page, 400)
    expect(page).to_have_url(re.compile("#/training/pick-up-cup/1$"))
    expect(step(page)).to_contain_text("waiting for approval")
    row = page.locator("[data-run='pick-up-cup/1']")
    expect(row).to_have_attribute("data-status", "waiting_for_approval")
    button(page, "Approve").click()
    expect(step(page)).to_contain_text(re.compile("done|downloaded"))
    expect(page.get_by_text("400 of 400 steps").last).to_be_visible()
    expect(page.locator("figure[data-curve=loss]")).to_contain_text("validation loss")
    expect(page.get_by_role("log", name="Log of the run")).to_contain_text("400")
    changed = page.locator("[data-param='hyperparameters.MAX_STEPS']")
    expect(changed).to_have_attribute("data-changed", "true")
    expect(changed).to_contain_text("instead of 5000")

    # The results come by themselves; without them they are fetched by hand.
    expect(button(page, "Activate")).to_be_visible()
    shutil.rmtree(skill / "1")
    button(page, "Download").click()
    button(page, "Activate").click()
    expect(page.get_by_role("status").filter(has_text="The robot uses 1/")).to_be_visible()
    assert metadata(skill)["execution"]["checkpoint"].startswith("1/")
    assert (skill / metadata(skill)["execution"]["checkpoint"]).is_file()
    expect(row).to_contain_text("in use")
    expect(page.get_by_text("in use", exact=True).first).to_be_visible()
    button(page, "Roll back").click()
    expect(button(page, "Activate")).to_be_visible()
    until(lambda: not metadata(skill)["execution"].get("checkpoint"), "it is rolled back")

    # The same once more, with one value changed, and both beside each other.
    button(page, "More with this run").click()
    page.get_by_role("menuitem", name="Clone as new run").click()
    expect(box(page, "MAX_STEPS")).to_have_value("400")
    box(page, "LEARNING_RATE").fill("0.01")
    button(page, "Start run").click()
    expect(page).to_have_url(re.compile("#/training/pick-up-cup/2$"))
    button(page, "More with this run").click()
    page.get_by_role("menuitem", name="Compare with run 1").click()
    expect(page).to_have_url(re.compile(r"#/training/pick-up-cup/2\?with=1$"))
    expect(page.locator("figure[data-curve=loss]")).to_contain_text("Run 1 loss")
    differing = page.locator("[data-pair][data-differ=true]")
    expect(differing).to_have_count(1)
    expect(differing).to_contain_text(re.compile(r"LEARNING_RATE.*0\.01.*0\.05"))


def test_errors_stand_where_they_belong(trainer, browsing) -> None:
    """What is refused says so in place, with the way out; on a phone."""
    page = browsing.open(
        trainer, "#/training/fold-towel/new", viewport={"width": 390, "height": 844}
    )
    expect(page.get_by_text("never uploaded").first).to_be_visible()
    button(page, "Start run").click()
    expect(page.get_by_role("alert")).to_contain_text("upload it first")
    button(page, "Upload").click()
    expect(page.get_by_text("are on the training server")).to_be_visible()

    steps = page.locator("[data-field='hyperparameters.MAX_STEPS']")
    box(page, "MAX_STEPS").fill("0")
    expect(steps).to_contain_text("Must be from 1 to")
    expect(button(page, "Start run")).to_be_disabled()
    steps.get_by_role("button", name="Reset MAX_STEPS").click()
    expect(box(page, "MAX_STEPS")).to_have_value("5000")
    box(page, "Deadline").fill("99999")
    expect(page.locator("[data-field=hours]")).to_contain_text("Must be from 0.01 to 720.")
    box(page, "Deadline").fill("0.1")
    box(page, "BATCH_SIZE").fill("60000")  # more than there are timesteps
    button(page, "Start run").click()
    batch = page.locator("[data-field='hyperparameters.BATCH_SIZE']")
    expect(batch).to_contain_text("make the batch smaller")
    box(page, "BATCH_SIZE").fill("8")
    page.get_by_role("link", name="Runs", exact=True).click()
    button(page.get_by_role("dialog", name="Leave without starting the run?"), "Go on").click()
    button(page, "Start run").click()

    expect(step(page)).to_contain_text("waiting for approval")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, f"the page is {width} px wide"
    button(page, "Reject").click()
    dialog = page.get_by_role("dialog", name="Reject this run?")
    dialog.get_by_label("Reason").fill("Only a test.")
    button(dialog, "Reject run").click()
    expect(step(page)).to_contain_text("rejected")
    page.get_by_role("link", name="Runs").click()
    expect(page.locator("[data-run^='fold-towel/']")).to_contain_text("rejected")


def field(page: Page, path: str) -> Locator:
    return page.locator(f"[data-field='{path}']")


def new_run(trainer: Any, browsing: Any) -> Page:
    """The form for a run of a skill that is uploaded, if need be for that."""
    page: Page = browsing.open(trainer, "#/training/pick-up-cup/new")
    uploaded = page.get_by_text("are on the training server")
    upload = button(page.get_by_role("form", name="New run"), "Upload")
    expect(uploaded.or_(upload)).to_be_visible()
    if upload.is_visible():
        upload.click()
    expect(uploaded).to_be_visible()
    expect(page.get_by_text("Smoke test")).to_be_visible()  # the server has been asked
    return page


def test_what_the_service_refuses_stands_at_its_field(trainer, browsing) -> None:
    page = new_run(trainer, browsing)
    page.get_by_text("act-default").click()
    box(page, "GPUs at least").fill("8")
    box(page, "Ref").fill("not a..ref")
    button(page, "Add a variable").click()
    box(page, "Name of the variable").fill("1ST")
    box(page, "Further parameters").fill('{"hours": 3}')
    button(page, "Start run").click()
    expect(page.get_by_role("alert")).to_contain_text("This run can't be started")
    expect(field(page, "max_gpus")).to_contain_text("must be 8 or more, as min_gpus is")
    expect(field(page, "ref")).to_contain_text("must be a branch, a tag or a commit")
    expect(field(page, "env")).to_contain_text("is no name for a variable")
    expect(field(page, "extra")).to_contain_text("hours has a field of its own")

    # One process a GPU, unless it is set to something else.
    processes = box(page, "WORLD_SIZE")
    expect(processes).to_have_value("4")
    box(page, "GPUs at most").fill("8")
    expect(field(page, "max_gpus")).not_to_contain_text("must be")
    expect(processes).to_have_value("8")
    expect(field(page, "hyperparameters.WORLD_SIZE")).to_have_attribute("data-changed", "false")
    processes.fill("4")
    button(page, "Start run").click()
    expect(field(page, "hyperparameters.WORLD_SIZE")).to_contain_text("must be from 8 to 8")
    button(page, "Reset WORLD_SIZE to 8").click()
    expect(processes).to_have_value("8")


def test_the_cost_is_told_against_the_budget(trainer, browsing) -> None:
    page = new_run(trainer, browsing)
    cost = page.locator("[data-cost]")
    expect(cost).to_have_text("No GPU asked for.")
    page.get_by_text("act-default").click()
    expect(cost).to_have_text(re.compile("5 h . 4 GPUs . .2[.]50 = .50 at most, budget .200$"))
    box(page, "Deadline").fill("30")
    expect(cost).to_contain_text("= $300 at most, budget $200: it may end by its budget")
    box(page, "Budget").fill("300")
    expect(cost).to_have_text(re.compile("30 h . 4 GPUs . .2[.]50 = .300 at most, budget .300$"))
    box(page, "Deadline").fill("long")
    expect(cost).to_have_count(0)
    expect(field(page, "hours")).to_contain_text("Must be a number.")
    button(page, "Reset all").click()
    expect(cost).to_have_text(re.compile("5 h . 4 GPUs . .2[.]50 = .50 at most, budget .200$"))


def test_a_run_is_cancelled_and_its_whole_log_read(trainer, browsing) -> None:
    page = new_run(trainer, browsing)
    box(page, "BATCH_SIZE").fill("8")
    box(page, "Command").fill(f"{{python}}\n-uc\n{LOG}")
    button(page, "Start run").click()
    button(page, "Approve").click()
    expect(step(page)).to_contain_text("running")
    log = page.get_by_role("log", name="Log of the run")
    expect(log).to_contain_text("n3999. line")
    page.reload()  # who comes late sees the end first
    button(page, "Load what was before").click()
    expect(button(page, "Load what was before")).to_be_hidden()
    page.get_by_role("searchbox", name="Search the run").fill("n7.")
    expect(log).to_have_text("n7. line of a log")

    button(page, "Cancel run").click()
    dialog = page.get_by_role("dialog", name="Cancel this run?")
    button(dialog, "Let it run").click()
    expect(button(page, "Cancel run")).to_be_focused()
    button(page, "Cancel run").click()
    button(dialog, "Cancel run").click()
    expect(step(page)).to_contain_text("cancelled")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(button(page, "Cancel run")).to_be_hidden()
    expect(page.locator("[data-log-complete=true]")).to_be_visible()


def test_a_run_is_asked_for_by_keyboard_alone(trainer, browsing) -> None:
    page = new_run(trainer, browsing)
    page.get_by_role("combobox", name="Skill").last.focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="smoke")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="act-default")).to_be_checked()
    page.keyboard.press("ArrowUp")
    for name in ("LEARNING_RATE", "BATCH_SIZE"):
        page.keyboard.press("Tab")
        expect(box(page, name)).to_be_focused()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("none")
    attention = button(page, "BATCH_SIZE needs attention")
    attention.focus()
    page.keyboard.press("Enter")
    expect(box(page, "BATCH_SIZE")).to_be_focused()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("8")
    page.keyboard.press("Enter")
    expect(step(page)).to_contain_text("waiting for approval")

    reject = button(page, "Reject")
    reject.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Reject this run?")
    for _ in range(8):  # round and round: nothing outside can be reached
        page.keyboard.press("Tab")
        assert page.evaluate(WITHIN)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(reject).to_be_focused()
    button(page, "More with this run").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Clone as new run")).to_be_focused()
    page.keyboard.press("Escape")
    expect(button(page, "More with this run")).to_be_focused()


@pytest.mark.parametrize(
    ("size", "scheme"), [((390, 844), "light"), ((1440, 900), "dark")], ids=["phone", "desk"]
)
def test_its_pages_fit_and_can_be_read(trainer, browsing, size, scheme) -> None:
    width, height = size
    phone = width < 500
    page = browsing.open(
        trainer,
        "#/training/pick-up-cup",
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        is_mobile=phone,
        has_touch=phone,
    )
    places = {
        "": "Runs",
        "/1": "Pick up cup run 1",
        "/1?with=2": "Pick up cup run 1 and 2",
        "/new": "New run",
        "/new?from=1": "New run like run 1",
        "/1?with=3&of=fold-towel": "Pick up cup run 1 and Fold towel run 3",
    }
    for place, title in places.items():
        page.goto(f"{trainer.url}/#/training/pick-up-cup{place}")
        expect(page.get_by_role("heading", level=1, name=title, exact=True)).to_be_visible()
        if "with" in place:
            expect(page.get_by_role("region", name="Values")).to_be_visible()
        wide, visible = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert (wide, visible) == (width, width), place
        for what in (NAMELESS, FAINT, *([SMALL] if phone else [])):
            assert page.evaluate(what) == [], place


def test_without_the_server_each_action_says_so_where_it_was_asked(trainer, browsing) -> None:
    page = new_run(trainer, browsing)
    box(page, "BATCH_SIZE").fill("8")
    button(page, "Start run").click()
    expect(step(page)).to_contain_text("waiting for approval")
    actions = page.locator("[data-actions=run]")
    gone = "The training server accepts no connection"
    lost = page.get_by_text("Connection to the training server lost since")
    with without_server(trainer, trainer.skills.parent / "server"):
        button(page, "Ask the training server now").click()
        expect(lost).to_be_visible()
        button(page, "Approve").click()
        expect(actions.get_by_role("alert")).to_contain_text(gone)
        for name in ("Reject", "Cancel"):
            button(actions, name if name == "Reject" else "Cancel run").click()
            button(page.get_by_role("dialog"), f"{name} run").click()
            expect(actions.get_by_role("alert")).to_contain_text(gone)
        button(page, "More with this run").click()
        page.get_by_role("menuitem", name="Clone as new run").click()
        button(page, "Start run").click()
        form = page.get_by_role("form", name="New run")
        expect(form.get_by_role("alert")).to_contain_text(gone)
        expect(box(page, "BATCH_SIZE")).to_have_value("8")
    expect(lost).to_be_hidden(timeout=60_000)  # asked again after growing pauses
    button(page, "Start run").click()
    expect(step(page)).to_contain_text("waiting for approval")
