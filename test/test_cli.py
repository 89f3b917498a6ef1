from __future__ import annotations

import argparse
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path

import pytest

from training_manager_ros import __version__
from training_manager_ros.cli import build_parser, main

ROOT = Path(__file__).resolve().parents[1]
DOCS = (ROOT / "docs" / "cli.md").read_text()


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def skills_dir(tmp_path: Path) -> Path:
    """Two skills: one with two recordings, and one that is broken and has a nasty name."""
    root = tmp_path / "skills"
    data = root / "pick-up-cup" / "data"
    data.mkdir(parents=True)
    metadata = {"name": "Pick up \u001b[31mcup\n日本", "type": "learned", "execution": {}}
    (root / "pick-up-cup" / "metadata.json").write_text(json.dumps(metadata))
    episodes = []
    for number in range(2):
        (data / f"episode_{number}.h5").write_bytes(bytes(1000))
        start, end = f"2026-03-02T09:0{number}:00", f"2026-03-02T09:0{number}:20"
        episodes.append(
            {
                "episode_id": number,
                "file_name": f"episode_{number}.h5",
                "start_timestamp": start,
                "end_timestamp": end,
            }
        )
    index = {"data_frequency": 30, "dataset_type": "h5", "number_of_episodes": 2}
    (data / "dataset_metadata.json").write_text(json.dumps({**index, "episodes": episodes}))
    (root / "broken").mkdir()
    (root / "broken" / "metadata.json").write_text("[1]")
    return root


def run(*words: str | Path) -> int:
    return main([str(word) for word in words])


def process(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "training_manager_ros", *map(str, words)]


def test_skills_as_json(skills_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("skills", "--json", "--skills-dir", skills_dir) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["skills_dir"] == str(skills_dir)
    broken, sound = answer["skills"]
    modified = sound.pop("modified")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", modified)
    assert sound == {
        "name": "pick-up-cup",
        "display_name": "Pick up \u001b[31mcup\n日本",
        "type": "learned",
        "badge": "in training",
        "problem": "metadata.json needs a correction: "
        "name must be one line of text that is not empty.",
        "revision": sound["revision"],
        "dataset_format": "h5",
        "episode_count": 2,
        "rate": 30.0,
        "size_bytes": sound["size_bytes"],
        "cameras": [],
        "dataset_problems": [],
        "checkpoint": "",
        "training_skill_id": "",
        "uploaded_episode_count": -1,
    }
    assert broken.keys() == {*sound, "modified"}
    assert (broken["badge"], broken["dataset_format"], broken["episode_count"]) == ("broken", "", 0)


def test_the_documented_json_has_the_keys_of_the_real_one(
    skills_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    docs = DOCS.partition("## training-manager upload")[0]  # test_cli_training has the others
    shown = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", docs, re.DOTALL)]
    run("skills", "--json", "--skills-dir", skills_dir)
    skills = json.loads(capsys.readouterr().out)
    run("episodes", "pick-up-cup", "--json", "--skills-dir", skills_dir)
    episodes = json.loads(capsys.readouterr().out)
    run(
        "delete",
        "pick-up-cup",
        "0",
        "--name",
        "x",
        "--dry-run",
        "--json",
        "--skills-dir",
        skills_dir,
    )
    plan = json.loads(capsys.readouterr().out)
    answers = [skills, episodes, plan]
    assert [shape(document) for document in shown] == [shape(answer) for answer in answers]


def shape(document: dict[str, object]) -> dict[str, object]:
    """The keys of an answer, and those of the first element of its list."""
    lists = {key: document[key] for key in ("skills", "episodes") if key in document}
    keys = {key: list(value[0]) for key, value in lists.items() if isinstance(value, list)}
    return {"": list(document), **keys}


def test_skills_for_people(skills_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("skills", "--skills-dir", skills_dir) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.sub(" +", " ", lines[0]) == "SKILL NAME TYPE STATE EPISODES FORMAT RATE SIZE"
    assert lines[2].startswith("pick-up-cup  Pick up \ufffd[31mcup\ufffd日本  learned  in training")
    assert lines[-2].startswith("broken: metadata.json must hold a JSON object")
    assert lines[-1].startswith("pick-up-cup: metadata.json needs a correction: name must be one")


def test_an_empty_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("skills", "--skills-dir", tmp_path) == 0
    assert capsys.readouterr().out == f"No skills in {tmp_path}.\n"
    assert run("skills", "--json", "--skills-dir", tmp_path) == 0
    assert json.loads(capsys.readouterr().out)["skills"] == []


def test_episodes(skills_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("episodes", "pick-up-cup", "--skills-dir", skills_dir) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "pick-up-cup: 2 episodes, h5, 30 Hz"
    assert re.sub(" +", " ", lines[1]).strip() == "EPISODE FRAMES LENGTH SIZE START FILE"
    assert "2026-03-02 09:00:00" in lines[2]
    assert any(line.startswith("episode 1: ") for line in lines)
    assert run("episodes", "pick-up-cup", "--json", "--skills-dir", skills_dir) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["total"] == 2
    assert [episode["id"] for episode in answer["episodes"]] == [0, 1]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["episodes", "gone"], 3, "There is no skill 'gone'"),
        (["episodes", "broken"], 3, "broken has no dataset"),
        (["episodes", "../skills"], 2, "is no skill's name"),
        (["episodes", "a\x1bb"], 3, "There is no skill"),
        (["skills", "--skills-dir", "/does/not/exist"], 1, "does not exist"),
        (["episodes", "gone", "--json"], 3, "There is no skill"),
    ],
)
def test_errors(
    skills_dir: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    sentence: str,
) -> None:
    where = [] if "--skills-dir" in words else ["--skills-dir", str(skills_dir)]
    assert run(*words, *where) == code
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("training-manager: ")
    assert sentence in output.err
    assert output.err.count("\n") == 1
    assert "\x1b" not in output.err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["dance"],
        ["skills", "--nonsense"],
        ["episodes"],
        ["ui", "--port", "x"],
        ["ui", "--port", "65536"],
        ["ui", "--port", "-1"],
        ["ui", "extra"],
        ["ui", "--media-cache-bytes", "-5"],
        ["ui", "--media-cache-bytes", "0"],
    ],
)
def test_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*words)
    assert caught.value.code == 2
    assert "usage: training-manager" in capsys.readouterr().err


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--version"], ["--help"], ["ui", "--help"]):
        with pytest.raises(SystemExit) as caught:
            run(*words)
        assert caught.value.code == 0
    output = capsys.readouterr().out
    assert f"training-manager {__version__}" in output
    assert "episodes" in output
    assert "--issuer" in output


def test_what_the_panel_is_started_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/robot")
    monkeypatch.setenv("INNATE_SERVICE_KEY", "a secret")
    args = build_parser("ui").parse_args(["ui"])
    assert (args.port, args.host, args.no_auth) == (8080, "", False)
    assert (args.server, args.token, args.issuer) == (None, None, None)
    assert args.skills_dir == Path("/home/robot/skills")
    words = "ui --port 0 --host ::1 --no-auth -s http://a -t key --issuer= --skills-dir ~/other"
    args = build_parser("ui").parse_args(words.split())
    assert (args.port, args.host, args.no_auth) == (0, "::1", True)
    assert (args.server, args.token, args.issuer) == ("http://a", "key", "")
    assert args.skills_dir == Path("/home/robot/other")
    assert "a secret" not in build_parser("ui").format_help()


def options(parser: argparse.ArgumentParser, path: str) -> Iterator[tuple[str, str]]:
    """Every sub-command with its options, as (command, option); "" for the command itself."""
    yield path, ""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                yield from options(sub, f"{path} {name}")
        else:
            yield from ((path, option) for option in action.option_strings if option != "-h")


def test_every_command_and_option_is_documented() -> None:
    sections = re.split(r"^## ", DOCS, flags=re.MULTILINE)
    common = sections[0]
    missing = []
    for path, option in options(build_parser(), "training-manager"):
        command = " ".join(path.split()[:2])
        texts = [text for text in sections[1:] if text.startswith(command)] or [common]
        wanted = option or path.removeprefix("training-manager orchestrator ")
        documented = [*texts, common] if option else texts
        if not any(re.search(rf"{re.escape(wanted)}(?![-\w])", text) for text in documented):
            missing.append(f"{path} {option}")
    assert missing == []


def test_every_exit_code_is_documented() -> None:
    assert re.findall(r"^\| (\d+) \|", DOCS, re.MULTILINE) == [
        "0",
        "1",
        "2",
        "3",
        "4",
        "130",
        "141",
    ]


def test_a_reader_that_goes_away(skills_dir: Path) -> None:
    command = process("skills", "--json", "--skills-dir", skills_dir)
    listing = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert listing.stdout is not None
    assert listing.stderr is not None
    listing.stdout.close()
    assert listing.stderr.read() == b""
    assert listing.wait() == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize("words", [["skills"], ["skills", "--json"]])
def test_an_output_that_is_full(skills_dir: Path, words: list[str]) -> None:
    command = process(*words, "--skills-dir", skills_dir)
    with open("/dev/full", "w") as full:
        ended = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True)
    assert ended.stderr == (
        "training-manager: The output can't be written: No space left on device.\n"
    )
    assert ended.returncode == 1


def test_another_failure_is_not_taken_for_one_of_the_output() -> None:
    script = (
        "import sys\n"
        "from training_manager_ros import cli\n"
        "def fail(args):\n"
        "    print('here')\n"
        "    raise OSError(37, 'No locks available')\n"
        "cli._COMMANDS = (cli._Command('fail', 'Fail.', lambda parser: None, fail),)\n"
        "sys.exit(cli.main(['fail']))\n"
    )
    command = [sys.executable, "-c", script]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ended.stdout == "here\n"
    assert ended.stderr.endswith("OSError: [Errno 37] No locks available\n")


def test_an_output_that_knows_ascii_only(skills_dir: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    command = process("skills", "--skills-dir", skills_dir)
    output = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
    assert b"Pick up ?[31mcup???" in output.stdout


def on_terminal(columns: int, *words: str | Path) -> list[str]:
    """What a command prints on a terminal of so many columns."""
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
    running = subprocess.Popen(process(*words), cwd=ROOT, env=environment, stdout=slave)
    os.close(slave)
    data = b""
    try:
        while chunk := os.read(master, 65536):
            data += chunk
    except OSError:  # Linux's way to say that the other end is closed
        pass
    os.close(master)
    assert running.wait() == 0
    return data.decode().splitlines()


def test_a_table_fits_the_terminal(skills_dir: Path) -> None:
    wide = on_terminal(200, "skills", "--skills-dir", skills_dir)
    assert wide[0].split()[-3:] == ["FORMAT", "RATE", "SIZE"]
    for columns in (60, 20):
        table = on_terminal(columns, "skills", "--skills-dir", skills_dir)[:3]
        assert max(len(line) for line in table) <= columns
        assert table[2].startswith("pick-up")
        assert table[0].split()[0] == "SKILL"


def test_ctrl_c(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from training_manager_ros import cli\n"
        "def wait(args):\n"
        "    print('here', flush=True)\n"
        "    time.sleep(60)\n"
        "cli._COMMANDS = (cli._Command('wait', 'Wait.', lambda parser: None, wait),)\n"
        "sys.exit(cli.main(['wait']))\n"
    )
    waiting = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE)
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == b"here\n"
    begin = time.monotonic()
    waiting.send_signal(signal.SIGINT)
    assert waiting.wait() == 130
    assert time.monotonic() - begin < 30
