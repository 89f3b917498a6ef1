"""What a problem that the readers have met means, and what to do about it.

Readers say what is wrong in a sentence and go on; here each such sentence gets its severity, its
code and its remedy. One that is not known here is a warning, so none is ever lost.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from training_manager_ros.datasets.check.finding import Finding, Severity

__all__ = ["known_problem"]


class _Known(NamedTuple):
    pattern: re.Pattern[str]
    severity: Severity
    code: str
    meaning: str
    remedy: str


_LEAVE_OUT = "Delete the episode into a cleaned copy, or record it again."
_COPY_AGAIN = "Copy the file again from where it came, or delete the episode into a cleaned copy."
_BY_HAND = "Repair the file by hand, or copy the dataset again from where it came."


def _known(pattern: str, severity: Severity, code: str, meaning: str, remedy: str) -> _Known:
    return _Known(re.compile(pattern), severity, code, meaning, remedy)


# the first that fits counts
_TABLE = (
    _known(
        "Git LFS pointer", "error", "lfs-pointer",
        "Only the pointer was copied, the content is not here.",
        "Run `git lfs pull` where the dataset came from, and copy it again.",
    ),
    _known(
        "frame rate is unknown", "error", "rate-unknown",
        "Neither lengths nor the times of pictures can be told.",
        "Write the rate of the recording into the dataset's metadata.",
    ),
    _known(
        "conversion was interrupted", "error", "conversion-unfinished",
        "A trainer does not find the episode.", "Convert the dataset again; it goes on from there.",
    ),
    _known(
        r"have no video files", "error", "camera-missing",
        "A trainer that reads the declared cameras fails.",
        "Copy the videos of the camera as well, or take it out of the features in meta/info.json.",
    ),
    _known(
        r"(is|are) missing|There is no parquet file|has no rows of|No file is listed", "error",
        "file-missing", "What is listed is not there.", _COPY_AGAIN,
    ),
    _known(
        r"frames, but the episode has|rows, but the episode has", "error", "frames-differ",
        "From the first frame that was dropped on, pictures do not belong to their timesteps; in a "
        "shared video the next episode's pictures show up.", _LEAVE_OUT,
    ),
    _known(
        r"frames a second, but|steady rate", "warning", "rate-differs",
        "Pictures are taken for earlier or later than they are.",
        "Correct the declared rate if the video is right; otherwise record again.",
    ),
    _known(
        r"ms off a frame|overlaps that|goes beyond the end", "error", "video-offset",
        "A trainer gets another episode's pictures, or none.",
        "Delete the episode into a cleaned copy, which cuts its video anew.",
    ),
    _known(
        r"can't be opened as HDF5|can't be read as parquet|is cut off|is damaged|broken index|"
        r"is empty|fragmented MP4|is not an MP4|holds no video|has no frames|"
        r"index that is too large", "error",
        "file-damaged", "Its content can't be read.", _COPY_AGAIN,
    ),
    _known(
        r"number_of_episodes|total_episodes is", "error", "count-differs",
        "Programs that trust the count leave episodes out, or fail at one that is not there.",
        "Correct the count in the dataset's metadata.",
    ),
    _known(
        r"lists? episode \d+ twice|no valid episode_id|LeRobot takes it|not in one piece|"
        r"is no episode\.|has no list of episodes|lists no episode|lines that are no JSON|"
        r"episodes\.jsonl is missing|dataset_metadata\.json is missing", "error", "list-broken",
        "Programs take different recordings for the same episode, or none.",
        "Repair the list of episodes by hand, or make a cleaned copy.",
    ),
    _known(
        "not in the list of episodes", "warning", "file-unlisted",
        "They are not trained on, but they are kept and uploaded.",
        "Add them to the list of episodes, or remove them.",
    ),
    _known(
        "It is listed with", "error", "length-differs",
        "Readers look for the episode's rows in the wrong place.",
        "Correct the list of episodes, or make a cleaned copy.",
    ),
    _known(
        r"lacks the columns? ", "warning", "column-missing",
        "LeRobot counts timesteps by these columns, and most of its tools fail without.",
        "Write the columns anew: frame_index counts within an episode, index over all of them.",
    ),
    _known(
        r"lacks the declared column|has no /action", "error", "signal-missing",
        "There is nothing to learn from.", _COPY_AGAIN,
    ),
    _known(
        "has columns twice", "error", "column-twice",
        "Readers refuse the file, or take either of them.", "Remove one of the columns.",
    ),
    _known(
        r"holds no numbers|not \(T, D\) numbers|rows of different lengths|rows without|"
        r"too large to be a signal|not uint8|does not hold images", "error", "wrong-type",
        "A trainer can't read it.", "Write the values anew as numbers of one width.",
    ),
    _known(
        r"has no images|have no images", "error", "camera-missing",
        "There is nothing to see.", _LEAVE_OUT,
    ),
    _known("has no timesteps", "error", "no-timesteps", "It is empty.", _LEAVE_OUT),
    _known(
        "codebase_version", "error", "version-differs",
        "LeRobot reads it as the version that is declared, and fails.",
        "Correct codebase_version in meta/info.json.",
    ),
    _known(
        "dataset_type", "warning", "version-differs",
        "Programs that trust it look for images in the wrong place.",
        "Correct dataset_type in dataset_metadata.json.",
    ),
    _known(
        r"leads? out of|link to elsewhere|in another file|not allowed", "error", "leads-elsewhere",
        "It is not followed, and not uploaded.", "Put the content itself into the dataset.",
    ),
    _known(
        r"declares no features|is no object", "error", "features-broken",
        "LeRobot does not know what to read.", _BY_HAND,
    ),
    _known(
        r"is not named|not UTF-8", "warning", "name-odd",
        "Other programs do not find it.", "Rename it.",
    ),
    _known(
        r"not valid JSON|must hold a JSON object|larger than", "error", "metadata-broken",
        "Nothing can be told from it.", _BY_HAND,
    ),
    _known(
        r"can't be read", "error", "file-unreadable",
        "The disk does not let it be read.", "See to its permissions and to the disk.",
    ),
)  # fmt: skip


def known_problem(sentence: str, episode: int | None, cameras: Sequence[str]) -> Finding:
    """The finding for a reader's problem; `cameras` are the names that it may be about."""
    named = [name for name in cameras if re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", sentence)]
    named = named or [name for name in cameras if f"_{name}." in sentence]
    camera = max(named, key=len, default=None)
    for known in _TABLE:
        if known.pattern.search(sentence):
            message = f"{sentence} {known.meaning}"
            return Finding(known.severity, known.code, episode, camera, message, known.remedy)
    remedy = "Look into the file that is named."
    return Finding("warning", "problem", episode, camera, sentence, remedy)
