"""The Skills tab in a real browser, on a robot whose folders change under it."""

from __future__ import annotations

import json
import re
import shutil
from typing import Any

import pytest
from driver import change_by_hand, metadata, until
from playwright.sync_api import Page, expect


@pytest.fixture
def skill(own_robot, sample_skills, request) -> str:
    """A skill of this test's own."""
    name = re.sub(r"\W", "-", request.node.name)
    shutil.copytree(sample_skills / "fold-towel", own_robot.skills / name, dirs_exist_ok=True)
    change_by_hand(own_robot.skills / name, name=name.replace("-", " "))
    return name


def editor(browsing: Any, robot: Any, skill: str) -> Page:
    page: Page = browsing.open(robot, f"#/skills/{skill}")
    expect(page.get_by_role("form", name="Settings")).to_be_visible()
    return page


def test_lists_every_skill_with_what_matters(samples_robot, browsing) -> None:
    page = browsing.open(samples_robot)
    cards = page.get_by_role("list", name="Skills").get_by_role("link")
    folders = list(samples_robot.skills.glob("*/metadata.json"))
    expect(cards).to_have_count(len(folders))
    towel = cards.filter(has_text="fold-towel")
    for text in ("Fold towel", "in training", "learned", "3 episodes", "h264", "no checkpoint"):
        expect(towel).to_contain_text(re.compile(text, re.IGNORECASE))
    page.get_by_label("Search skills").fill("towel")
    expect(cards).to_have_count(1)
    page.get_by_label("Search skills").fill("nothing like it")
    expect(page.get_by_text("No skill matches.")).to_be_visible()


def test_what_changes_on_disk_shows_up_by_itself(own_robot, browsing, skill) -> None:
    page = browsing.open(own_robot)
    card = page.get_by_role("list", name="Skills").get_by_role("link").filter(has_text=skill)
    expect(card).to_be_visible()
    change_by_hand(own_robot.skills / skill, name="Renamed by hand")
    expect(card).to_contain_text("Renamed by hand")
    folder = own_robot.skills / skill
    (folder / "metadata.json").write_text("{oops")
    expect(card).to_contain_text("broken")
    card.click()
    expect(page.get_by_role("main")).to_contain_text("{oops")
    shutil.rmtree(folder)
    expect(page.get_by_text("This skill is no longer there")).to_be_visible(timeout=5000)


def test_saves_what_was_edited_and_nothing_else(own_robot, browsing, skill) -> None:
    folder = own_robot.skills / skill
    change_by_hand(folder, custom={"kept": [1, 2.5]})
    before = metadata(folder)
    page = editor(browsing, own_robot, skill)
    page.get_by_label("Name", exact=True).fill("A new name")
    page.get_by_label("Guidelines", exact=True).fill("Use it\nwhen asked.")
    page.get_by_label("Guidelines when running").fill("Watch the towel.")
    page.get_by_label("Duration").fill("45.5")
    page.get_by_label("Start pose, joint 1").fill("0.1, -0.2, 0.3, 0, 0, 1e-3")  # a paste
    expect(page.get_by_label("Start pose, joint 2")).to_have_value("-0.2")
    page.get_by_role("button", name="Save").click()
    until(lambda: metadata(folder)["name"] == "A new name", "the file is saved")
    execution = {
        **before["execution"],
        "duration": 45.5,
        "start_pose": [0.1, -0.2, 0.3, 0, 0, 0.001],
    }
    assert metadata(folder) == {
        **before,
        "name": "A new name",
        "guidelines": "Use it\nwhen asked.",
        "guidelines_when_running": "Watch the towel.",
        "execution": execution,
    }
    assert list(metadata(folder)) == list(before)
    expect(page.get_by_role("heading", name="A new name")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_be_hidden()

    page.get_by_label("Duration").fill("")
    page.keyboard.press("Control+s")
    until(lambda: metadata(folder)["execution"]["duration"] is None, "emptied means default")


def test_edits_execution_as_json(own_robot, browsing, skill) -> None:
    folder = own_robot.skills / skill
    page = editor(browsing, own_robot, skill)
    page.get_by_label("Duration").fill("12")
    page.get_by_text("JSON", exact=True).click()
    area = page.get_by_label("Execution as JSON")
    edited = json.loads(area.input_value())
    assert edited["duration"] == 12
    area.fill("{oops")
    expect(page.get_by_text(re.compile("No JSON yet"))).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    area.fill(json.dumps({**edited, "duration": 13, "mine": {"deep": [True]}}))
    page.get_by_text("Form", exact=True).click()
    expect(page.get_by_label("Duration")).to_have_value("13")
    page.get_by_role("button", name="Save").click()
    until(
        lambda: metadata(folder)["execution"].get("mine") == {"deep": [True]}, "the file is saved"
    )
    assert metadata(folder)["execution"]["duration"] == 13


def test_errors_stand_at_their_fields(own_robot, browsing, skill) -> None:
    folder = own_robot.skills / skill
    before = metadata(folder)
    page = editor(browsing, own_robot, skill)
    width = page.locator("[data-field='execution.action_dim']")
    width.get_by_role("textbox").fill("65")
    expect(width).to_contain_text("Must be at most 64")
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    page.get_by_role("button", name="Action width needs attention").click()
    expect(width.get_by_role("textbox")).to_be_focused()
    width.get_by_role("textbox").fill("8")

    # What only the node knows: a path may not lead out of the skill's folder.
    checkpoint = page.locator("[data-field='execution.checkpoint']")
    checkpoint.get_by_role("textbox").fill("../../etc/passwd")
    page.get_by_role("button", name="Save").click()
    expect(checkpoint.locator(".text-danger")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_visible()
    assert metadata(folder) == before
    page.get_by_role("button", name="Discard", exact=True).click()
    expect(checkpoint.get_by_role("textbox")).to_have_value("")


def test_a_hand_edit_is_shown_at_once_where_nothing_is_unsaved(own_robot, browsing, skill) -> None:
    page = editor(browsing, own_robot, skill)
    change_by_hand(own_robot.skills / skill, guidelines="Edited by hand.")
    expect(page.get_by_label("Guidelines", exact=True)).to_have_value("Edited by hand.")
    page.get_by_text("metadata.json", exact=True).first.click()
    expect(page.get_by_label("metadata.json", exact=True).last).to_contain_text("Edited by hand.")


@pytest.mark.parametrize("choice", ["Keep my changes", "Load theirs, drop mine"])
def test_somebody_else_saves_first(own_robot, browsing, skill, choice) -> None:
    folder = own_robot.skills / skill
    page = editor(browsing, own_robot, skill)
    page.get_by_label("Name", exact=True).fill("Mine")
    change_by_hand(folder, name="Theirs", guidelines="Theirs, too.")
    notice = page.get_by_role("status").filter(has_text="Somebody else changed this skill")
    expect(notice).to_contain_text("changed by you, too")
    expect(notice).to_contain_text("guidelines")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Mine")
    page.get_by_role("button", name=choice).click()
    expect(page.get_by_label("Guidelines", exact=True)).to_have_value("Theirs, too.")
    if choice.startswith("Load"):
        expect(page.get_by_label("Name", exact=True)).to_have_value("Theirs")
        return
    page.get_by_role("button", name="Save").click()
    until(lambda: metadata(folder)["name"] == "Mine", "mine is saved over theirs")
    assert metadata(folder)["guidelines"] == "Theirs, too."


def test_two_browsers_save_at_once(own_robot, browsing, skill) -> None:
    """The second one saves before it could hear of the first: the node refuses, nothing is lost."""
    folder = own_robot.skills / skill
    first, second = (editor(browsing, own_robot, skill) for _ in range(2))

    def deaf(socket: Any) -> None:
        """Keeps news from the page, as a bad Wi-Fi does for a moment."""
        robot = socket.connect_to_server()

        def hear(message: str) -> None:
            if not (told["all"] and json.loads(message)["op"] == "publish"):
                socket.send(message)

        robot.on_message(hear)

    told = {"all": False}
    second.route_web_socket("**/rosbridge", deaf)
    second.reload()
    second.get_by_label("Name", exact=True).fill("Second")
    told["all"] = True
    first.get_by_label("Name", exact=True).fill("First")
    first.get_by_role("button", name="Save").click()
    until(lambda: metadata(folder)["name"] == "First", "the first is saved")
    notice = second.get_by_text("Somebody else changed this skill meanwhile")
    expect(notice).to_be_hidden()
    second.get_by_role("button", name="Save").click()
    expect(notice).to_be_visible()
    assert metadata(folder)["name"] == "First"
    second.get_by_role("button", name="Keep my changes").click()
    second.get_by_role("button", name="Save").click()
    until(lambda: metadata(folder)["name"] == "Second", "the second is saved on purpose")


def test_unsaved_changes_are_not_lost_by_a_click(own_robot, browsing, skill) -> None:
    page = editor(browsing, own_robot, skill)
    page.get_by_label("Name", exact=True).fill("Not saved")
    page.get_by_role("link", name="Datasets").first.click()
    question = page.get_by_role("dialog", name="Discard unsaved changes?")
    question.get_by_role("button", name="Keep editing").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Not saved")
    expect(page).to_have_url(re.compile(f"#/skills/{skill}$"))
    page.evaluate("history.back()")
    expect(question).to_be_visible()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(f"#/skills/{skill}$"))
    page.get_by_role("link", name="Training").first.click()
    question.get_by_role("button", name="Discard changes").click()
    expect(page).to_have_url(re.compile("#/training$"))


@pytest.mark.parametrize("kind", ["learned", "replay", "poses"])
def test_creates_a_skill(own_robot, browsing, kind) -> None:
    page = browsing.open(own_robot)
    page.get_by_role("button", name="New skill", exact=True).click()
    dialog = page.get_by_role("dialog", name="New skill")
    dialog.get_by_text(kind, exact=True).click()
    dialog.get_by_role("button", name="Create skill").click()
    expect(dialog.locator("[data-field=name]")).to_contain_text("This is required.")
    dialog.get_by_label("Name", exact=True).fill(f"Made of {kind}")
    dialog.get_by_label("Guidelines", exact=True).fill("For tests.")
    if kind == "replay":
        dialog.get_by_label("Replay file").fill("episode_0.h5")
    if kind == "poses":
        dialog.get_by_role("textbox", name="Poses").fill(
            "0 0 0 0 0 0\n0.1, 0.2, 0.3, 0.4, 0.5, 0.6"
        )
    dialog.get_by_role("button", name="Create skill").click()
    expect(page.get_by_role("heading", name=f"Made of {kind}")).to_be_visible()
    made = metadata(own_robot.skills / f"made-of-{kind}")
    assert (made["name"], made["type"], made["guidelines"]) == (
        f"Made of {kind}",
        kind,
        "For tests.",
    )
    if kind == "poses":
        assert made["execution"]["poses"] == [[0] * 6, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]]

    page.get_by_role("button", name="New skill", exact=True).click()
    dialog.get_by_label("Name", exact=True).fill(f"Made of {kind}")
    dialog.get_by_text("learned", exact=True).click()
    dialog.get_by_role("button", name="Create skill").click()
    expect(dialog.get_by_role("alert").or_(dialog.locator(".text-danger")).first).to_be_visible()


def test_a_thousand_skills_scroll(start_robot, browsing, tmp_path) -> None:
    for number in range(1000):
        folder = tmp_path / f"skill-{number:04}"
        folder.mkdir()
        content = {"name": f"Skill {number}", "type": "learned", "execution": {}}
        (folder / "metadata.json").write_text(json.dumps(content))
    page = browsing.open(start_robot(tmp_path))
    expect(page.get_by_text("1,000 skills")).to_be_visible()
    rows = page.get_by_role("list", name="Skills")
    assert rows.get_by_role("link").count() < 120
    page.get_by_label("Search skills").fill("skill-0999")
    rows.get_by_role("link").filter(has_text="skill-0999").click()
    expect(page.get_by_role("heading", name="Skill 999")).to_be_visible()
    page.get_by_label("Search skills").fill("")
    expect(rows.get_by_role("link", name="skill-0999")).to_be_in_viewport()


def test_no_skills_and_no_folder(start_robot, browsing, tmp_path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    page = browsing.open(start_robot(empty))
    expect(page.get_by_role("heading", name="No skills yet")).to_be_visible()
    page.goto(page.url.split("#")[0] + "#/datasets")
    expect(page.get_by_role("heading", name="No recordings yet")).to_be_visible()

    page = browsing.open(start_robot(tmp_path / "missing"))
    expect(page.get_by_role("heading", name="No skills to show")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="missing")).to_be_visible()
