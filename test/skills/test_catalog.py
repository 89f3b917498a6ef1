from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from training_manager_ros.datasets import DatasetFormat, FactCache
from training_manager_ros.errors import InvalidInput, NotFound
from training_manager_ros.skills import Catalog, Skill, read_metadata, update_metadata

Clock = Callable[[], int]


def one(root: Path, name: str) -> Skill:
    return next(skill for skill in Catalog(root, FactCache(None)).skills() if skill.name == name)


def test_a_sound_skill(
    root: Path, make_skill: Callable[..., Path], add_episodes: Callable[..., None]
) -> None:
    folder = make_skill(training_skill_id="an id", uploaded_episode_count=2)
    add_episodes(folder, 3)
    os.utime(folder / "metadata.json", (1000, 1000))
    os.utime(folder / "data" / "dataset_metadata.json", (2000, 2000.5))
    (skill,) = Catalog(root, FactCache(None)).skills()
    assert (skill.name, skill.display_name, skill.type) == ("pick-up-cup", "Pick up cup", "learned")
    assert (skill.badge, skill.problem) == ("in training", "")
    assert skill.revision == read_metadata(folder).revision
    assert (skill.training_skill_id, skill.uploaded_episode_count) == ("an id", 2)
    assert skill.modified == 2000.5
    assert skill.dataset is not None
    assert skill.dataset.format is DatasetFormat.H5
    assert (skill.dataset.episode_count, skill.dataset.rate) == (3, 30.0)


@pytest.mark.parametrize(
    ("skill_type", "execution", "badge"),
    [
        ("replay", {"replay_file": "episode_0.h5", "checkpoint": "run/a_step_5.pth"}, "replay"),
        ("learned", {"checkpoint": "run/a_step_5.pth"}, "ready"),
        ("learned", {"checkpoint": "run/a_step_6.pth"}, "in training"),
        ("learned", {"checkpoint": "run"}, "in training"),
        ("learned", {"checkpoint": "../other"}, "in training"),
        ("learned", {"checkpoint": "x" * 5000}, "in training"),
        ("learned", {"checkpoint": "a\0b"}, "in training"),
        ("learned", {"checkpoint": None}, "in training"),
        ("learned", {}, "in training"),
        ("poses", {"poses": [[0] * 6]}, "in training"),
    ],
)
def test_badges(
    root: Path, make_skill: Callable[..., Path], skill_type: str, execution: object, badge: str
) -> None:
    folder = make_skill(type=skill_type, execution=execution)
    (root / "other").write_text("")
    (folder / "run").mkdir()
    (folder / "run" / "a_step_5.pth").write_text("")
    assert one(root, "pick-up-cup").badge == badge


def test_what_is_broken_is_listed_and_breaks_nothing_else(
    root: Path, make_skill: Callable[..., Path], add_episodes: Callable[..., None]
) -> None:
    add_episodes(make_skill("sound"), 2)
    add_episodes(make_skill("corrupt", text='{"name": "A"'), 3)
    make_skill("a-list", text="[1]")
    make_skill("null-execution", execution=None)
    make_skill("no-type", text="{}")
    make_skill("wrong-field", execution={"action_dim": 100})
    make_skill("strange-values", name=["a"], training_skill_id=5, uploaded_episode_count="3")
    make_skill("half-surrogate", name="\ud800", training_skill_id="\udfff")
    (root / "fifo").mkdir()
    os.mkfifo(root / "fifo" / "metadata.json")
    (root / "folder").mkdir()
    (root / "folder" / "metadata.json").mkdir()
    (root / "dangling").symlink_to("gone")
    (root / "leads-out").symlink_to("/etc")
    (root / "alias").symlink_to("sound")
    (root / "dangling-file").mkdir()
    (root / "dangling-file" / "metadata.json").symlink_to("gone")
    (root / "no-skill").mkdir()
    (root / "file").write_text("")
    broken_data = make_skill("broken-data")
    (broken_data / "data").mkdir()
    (broken_data / "data" / "dataset_metadata.json").write_text("{")
    os.mkdir(os.fsencode(root) + b"/latin-\xe9")
    with open(os.fsencode(root) + b"/latin-\xe9/metadata.json", "w") as file:
        file.write("{}")
    catalog = Catalog(root, FactCache(None))
    skills = {skill.name: skill for skill in catalog.skills()}
    assert catalog.problem == ""
    problems = {
        "a-list": "must hold a JSON object, not a list",
        "corrupt": "is not valid JSON",
        "dangling": "leads nowhere",
        "dangling-file": "leads nowhere",
        "fifo": "no regular file",
        "folder": "is a folder",
        "latin-?": "not valid UTF-8",
        "leads-out": "leads out of the skills directory",
        "no-type": "type is required",
        "null-execution": "execution must be a JSON object",
    }
    fine = {"alias", "broken-data", "half-surrogate", "sound", "strange-values", "wrong-field"}
    assert skills.keys() == problems.keys() | fine
    for name, problem in problems.items():
        assert skills[name].badge == "broken", name
        assert problem in skills[name].problem, name
    assert skills["sound"].problem == ""
    assert skills["alias"].dataset == skills["sound"].dataset
    assert skills["corrupt"].dataset is not None  # the recordings are still there
    assert skills["corrupt"].dataset.episode_count == 3
    assert (skills["corrupt"].type, skills["corrupt"].display_name) == ("", "corrupt")
    assert skills["null-execution"].type == "learned"
    assert skills["wrong-field"].badge == "in training"
    assert "execution.action_dim must be" in skills["wrong-field"].problem
    assert skills["strange-values"].display_name == "strange-values"
    assert skills["strange-values"].uploaded_episode_count == -1
    assert skills["half-surrogate"].display_name == "?"
    assert skills["broken-data"].dataset_problems
    for skill in skills.values():
        assert f"{skill}".encode()


def test_skills_are_sorted_by_folder_name(root: Path, make_skill: Callable[..., Path]) -> None:
    for name in ("b", "C", "a", "10", "9"):
        make_skill(name)
    assert [skill.name for skill in Catalog(root, FactCache(None)).skills()] == [
        "10",
        "9",
        "C",
        "a",
        "b",
    ]


def test_a_refresh_tells_whether_the_list_is_another(
    root: Path, make_skill: Callable[..., Path], add_episodes: Callable[..., None]
) -> None:
    first, second = make_skill("first"), make_skill("second")
    catalog = Catalog(root, FactCache(None))
    assert catalog.refresh()
    assert not catalog.refresh()
    assert not catalog.refresh({"first", "gone", "../first", ""})
    add_episodes(first, 2)
    assert not catalog.refresh({"second"})
    assert catalog.skills()[0].dataset is None
    assert catalog.refresh({"first"})
    assert catalog.skills()[0].dataset is not None
    (second / "metadata.json").unlink()
    assert catalog.refresh({"second"})
    assert [skill.name for skill in catalog.skills()] == ["first"]
    make_skill("third")
    assert catalog.refresh({"third"})
    assert not catalog.refresh(())
    first.rename(root / "fourth")
    assert catalog.refresh()
    assert [skill.name for skill in catalog.skills()] == ["fourth", "third"]


def test_one_skill_is_always_as_it_is_now_and_the_change_is_still_told(
    root: Path, make_skill: Callable[..., Path]
) -> None:
    folder = make_skill()
    catalog = Catalog(root, FactCache(None))
    assert catalog.skill("pick-up-cup").display_name == "Pick up cup"
    update_metadata(folder, read_metadata(folder).revision, {"name": "Other"})
    assert catalog.skill("pick-up-cup").display_name == "Other"
    (root / "no-skill").mkdir()
    for name in ("gone", "no-skill"):
        with pytest.raises(NotFound):
            catalog.skill(name)
    with pytest.raises(InvalidInput):
        catalog.skill("../skills/pick-up-cup")
    assert catalog.refresh()
    update_metadata(folder, read_metadata(folder).revision, {"name": "Third"})
    assert catalog.skill("pick-up-cup").display_name == "Third"
    assert catalog.skills()[0].display_name == "Other"
    assert catalog.refresh({"pick-up-cup"})


def test_the_dataset_is_opened_by_name(
    root: Path, make_skill: Callable[..., Path], add_episodes: Callable[..., None]
) -> None:
    add_episodes(make_skill(), 2)
    make_skill("empty")
    catalog = Catalog(root, FactCache(None))
    assert list(catalog.dataset("pick-up-cup").episode_ids) == [0, 1]
    with pytest.raises(NotFound):
        catalog.dataset("empty")
    with pytest.raises(InvalidInput):
        catalog.dataset("..")


def test_a_dataset_stays_open_until_it_changes(
    root: Path, make_skill: Callable[..., Path], add_episodes: Callable[..., None], later: Clock
) -> None:
    folder = make_skill()
    add_episodes(folder, 2)
    catalog = Catalog(root, FactCache(None), later)
    catalog.refresh()
    opened = catalog.dataset("pick-up-cup")
    assert catalog.dataset("pick-up-cup") is opened
    add_episodes(folder, 3)
    again = catalog.dataset("pick-up-cup")
    assert list(again.episode_ids) == [0, 1, 2]
    assert catalog.dataset("pick-up-cup") is again
    os.truncate(folder / "data" / "episode_0.h5", 10)  # leaves the folder's times as they are
    catalog.refresh({"pick-up-cup"})
    assert catalog.dataset("pick-up-cup").episode(0).size_bytes == 10
    shutil.rmtree(folder)
    with pytest.raises(NotFound):
        catalog.dataset("pick-up-cup")


def test_a_dataset_that_may_still_be_written_is_not_kept(
    root: Path, make_skill: Callable[..., Path], add_episodes: Callable[..., None]
) -> None:
    add_episodes(make_skill(), 2)
    catalog = Catalog(root, FactCache(None))
    assert catalog.dataset("pick-up-cup") is not catalog.dataset("pick-up-cup")


def test_only_the_last_datasets_stay_open(
    root: Path, make_skill: Callable[..., Path], add_episodes: Callable[..., None], later: Clock
) -> None:
    names = [f"skill-{number}" for number in range(12)]
    for name in names:
        add_episodes(make_skill(name), 1)
    catalog = Catalog(root, FactCache(None), later)
    opened = {name: catalog.dataset(name) for name in names}
    kept = [name for name in reversed(names) if catalog.dataset(name) is opened[name]]
    assert kept == names[::-1][:8]


def test_a_skills_directory_that_can_not_be_read(tmp_path: Path) -> None:
    root = tmp_path / "skills"
    catalog = Catalog(root, FactCache(None))
    assert catalog.skills() == ()
    assert "does not exist" in catalog.problem
    root.write_text("")
    assert catalog.refresh()
    assert "is no directory" in catalog.problem
    root.unlink()
    root.mkdir()
    assert catalog.refresh()
    assert (catalog.problem, catalog.skills()) == ("", ())


def doctor(cache: Path, root: Path, **values: str) -> None:
    """Change what the cache says of all skills, so that it shows where it is believed."""
    facts = FactCache(cache)
    kind = f"skills 1 {root}"
    texts = {}
    for name, text in facts.notes(kind).items():
        skill, *rest = json.loads(text)
        texts[name] = json.dumps([{**skill, **values}, *rest])
    assert texts
    facts.note(kind, texts)


def names(root: Path, cache: Path, later: Clock) -> list[str]:
    return [skill.display_name for skill in Catalog(root, FactCache(cache), later).skills()]


def test_what_the_cache_says_is_believed_until_something_changes(
    root: Path,
    make_skill: Callable[..., Path],
    add_episodes: Callable[..., None],
    tmp_path: Path,
    later: Clock,
) -> None:
    cache = tmp_path / "facts.sqlite"
    for name in ("a", "b", "c", "d", "e"):
        add_episodes(make_skill(name, execution={"checkpoint": f"run/{name}.pth"}), 2)
    before = Catalog(root, FactCache(cache), later).skills()
    assert Catalog(root, FactCache(cache), later).skills() == before
    doctor(cache, root, display_name="from the cache")
    assert names(root, cache, later) == ["from the cache"] * 5
    # a hand edit of the same size, a new file, a checkpoint that arrives, a changed index
    path = root / "a" / "metadata.json"
    path.write_text(path.read_text().replace("Pick", "Pack"))
    (root / "b" / "data" / "episode_2.h5").write_bytes(bytes(1000))
    (root / "c" / "run").mkdir()
    (root / "c" / "run" / "c.pth").write_text("")
    with (root / "d" / "data" / "dataset_metadata.json").open("r+") as file:
        file.seek(0, os.SEEK_END)
        file.write(" ")
    assert names(root, cache, later) == [
        "Pack up cup",
        "Pick up cup",
        "Pick up cup",
        "Pick up cup",
        "from the cache",
    ]


def test_a_hidden_recording_and_other_folders_do_not_make_a_skill_be_read_again(
    root: Path,
    make_skill: Callable[..., Path],
    add_episodes: Callable[..., None],
    tmp_path: Path,
    later: Clock,
) -> None:
    cache = tmp_path / "facts.sqlite"
    folder = make_skill()
    add_episodes(folder, 2)
    recording = folder / "data" / ".episode_recording.h5.tmp"
    recording.write_text("")
    (folder / "run").mkdir()
    names(root, cache, later)
    doctor(cache, root, display_name="from the cache")
    recording.write_text("more")
    (folder / "run" / "log.txt").write_text("")
    assert names(root, cache, later) == ["from the cache"]


def test_what_may_still_be_written_is_not_believed(
    root: Path, make_skill: Callable[..., Path], add_episodes: Callable[..., None], tmp_path: Path
) -> None:
    cache = tmp_path / "facts.sqlite"
    folder = make_skill()
    add_episodes(folder, 2)
    now = time.time_ns()

    def size(clock: Clock) -> int:
        (skill,) = Catalog(root, FactCache(cache), clock).skills()
        assert skill.dataset is not None
        return skill.dataset.size_bytes

    def in_seconds(seconds: int) -> Clock:
        return lambda: now + seconds * 10**9

    first = size(in_seconds(0))  # this very moment: nothing is kept
    assert FactCache(cache).notes(f"skills 1 {root}") == {}
    # five seconds on: kept, but a file that may still be growing is watched by itself
    assert size(in_seconds(5)) == first
    with (folder / "data" / "episode_1.h5").open("ab") as file:
        file.write(bytes(10))
    assert size(in_seconds(6)) == first + 10
    # a minute on it is taken for finished, and is looked at no more
    assert size(in_seconds(60)) == first + 10
    assert size(in_seconds(61)) == first + 10
    with (folder / "data" / "episode_1.h5").open("ab") as file:
        file.write(bytes(10))
    assert size(in_seconds(62)) == first + 10
    # but who is told of the change reads it
    catalog = Catalog(root, FactCache(cache), in_seconds(63))
    catalog.skills()
    assert catalog.refresh({"pick-up-cup"})
    assert size(in_seconds(80)) == first + 20


def test_skills_that_are_gone_leave_the_cache(
    root: Path, make_skill: Callable[..., Path], tmp_path: Path, later: Clock
) -> None:
    cache = tmp_path / "facts.sqlite"
    for name in ("a", "b", "c"):
        make_skill(name)
    catalog = Catalog(root, FactCache(cache), later)
    catalog.skills()
    (root / "a" / "metadata.json").unlink()
    catalog.refresh({"a"})
    assert FactCache(cache).notes(f"skills 1 {root}").keys() == {"b", "c"}
    (root / "b").rename(root / ".b")
    catalog.refresh()
    assert FactCache(cache).notes(f"skills 1 {root}").keys() == {"c"}
    # but not where the whole directory is away for a moment
    root.rename(tmp_path / "away")
    catalog.refresh()
    assert catalog.skills() == ()
    assert FactCache(cache).notes(f"skills 1 {root}").keys() == {"c"}


@pytest.mark.parametrize("text", ["", "[]", "{}", "[1, 2, 3, 4]", '[{"name": 1}, [], [], 0]', "x"])
def test_nonsense_in_the_cache_is_passed_over(
    root: Path, make_skill: Callable[..., Path], tmp_path: Path, later: Clock, text: str
) -> None:
    make_skill()
    cache = tmp_path / "facts.sqlite"
    FactCache(cache).note(f"skills 1 {root}", {"pick-up-cup": text})
    assert names(root, cache, later) == ["Pick up cup"]


def test_many_threads_at_once(root: Path, make_skill: Callable[..., Path]) -> None:
    for number in range(20):
        make_skill(f"skill-{number}")
    catalog = Catalog(root, FactCache(None))
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for number in range(20):
                catalog.refresh({f"skill-{number}"} if number % 2 else None)
                assert len(catalog.skills()) == 20
                assert catalog.skill(f"skill-{number}").badge == "in training"
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_the_real_recordings(real_skills: Path) -> None:
    skills = Catalog(real_skills, FactCache(None)).skills()
    assert [(s.name, s.badge, s.dataset.episode_count if s.dataset else 0) for s in skills] == [
        ("cr5-reach-v21", "in training", 6),
        ("insertion-raw", "in training", 2),
        ("pick-place", "in training", 5),
        ("pick-place-v30", "in training", 5),
        ("wave", "replay", 0),
    ]
    assert all(skill.problem == "" for skill in skills)
