"""What a problem that the readers have met means, and what to do about it.

Readers say what is wrong in a sentence, of some kind, and go on; here each kind gets its severity
and its remedy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from training_manager_ros.datasets.check.finding import Finding, Severity
from training_manager_ros.datasets.listing import shown
from training_manager_ros.errors import ProblemCode

__all__ = ["known_problem"]


class _Kind(NamedTuple):
    severity: Severity
    meaning: str
    remedy: str


_LEAVE_OUT = "Delete the episode into a cleaned copy, or record it again."
_COPY_AGAIN = "Copy the file again from where it came, or delete the episode into a cleaned copy."
_BY_HAND = "Repair the file by hand, or copy the dataset again from where it came."

_KINDS: Mapping[ProblemCode, _Kind] = {
    "camera-missing": _Kind(
        "error", "A trainer that reads the camera fails, or has nothing to see.",
        "Copy its videos as well, or leave it out: delete the episode into a cleaned copy, or take "
        "the camera out of the features in meta/info.json.",
    ),
    "column-missing": _Kind(
        "warning",
        "LeRobot counts timesteps by these columns, and most of its tools fail without.",
        "Write the columns anew: frame_index counts within an episode, index over all of them.",
    ),
    "column-twice": _Kind(
        "error", "Readers refuse the file, or take either of them.", "Remove one of the columns."
    ),
    "conversion-unfinished": _Kind(
        "error", "A trainer does not find the episode.",
        "Convert the dataset again; it goes on from there.",
    ),
    "count-differs": _Kind(
        "error",
        "Programs that trust the count leave episodes out, or fail at one that is not there.",
        "Correct the count in the dataset's metadata.",
    ),
    "features-broken": _Kind("error", "LeRobot does not know what to read.", _BY_HAND),
    "file-damaged": _Kind("error", "Its content can't be read.", _COPY_AGAIN),
    "file-missing": _Kind("error", "What is listed is not there.", _COPY_AGAIN),
    "file-unlisted": _Kind(
        "warning", "They are not trained on, but they are kept and uploaded.",
        "Add them to the list of episodes, or remove them.",
    ),
    "file-unreadable": _Kind(
        "error", "The disk does not let it be read.", "See to its permissions and to the disk."
    ),
    "frames-differ": _Kind(
        "error",
        "From the first frame that was dropped on, pictures do not belong to their timesteps; in a "
        "shared video the next episode's pictures show up.", _LEAVE_OUT,
    ),
    "leads-elsewhere": _Kind(
        "error", "It is not followed, and not uploaded.",
        "Put the content itself into the dataset.",
    ),
    "length-differs": _Kind(
        "error", "Readers look for the episode's rows in the wrong place.",
        "Correct the list of episodes, or make a cleaned copy.",
    ),
    "lfs-pointer": _Kind(
        "error", "Only the pointer was copied, the content is not here.",
        "Run `git lfs pull` where the dataset came from, and copy it again.",
    ),
    "list-broken": _Kind(
        "error", "Programs take different recordings for the same episode, or none.",
        "Repair the list of episodes by hand, or make a cleaned copy.",
    ),
    "metadata-broken": _Kind("error", "Nothing can be told from it.", _BY_HAND),
    "name-odd": _Kind("warning", "Other programs do not find it.", "Rename it."),
    "no-timesteps": _Kind("error", "It is empty.", _LEAVE_OUT),
    "rate-differs": _Kind(
        "warning", "Pictures are taken for earlier or later than they are.",
        "Correct the declared rate if the video is right; otherwise record again.",
    ),
    "rate-unknown": _Kind(
        "error", "Neither lengths nor the times of pictures can be told.",
        "Write the rate of the recording into the dataset's metadata.",
    ),
    "signal-missing": _Kind("error", "There is nothing to learn from.", _COPY_AGAIN),
    "type-differs": _Kind(
        "warning", "Programs that trust it look for images in the wrong place.",
        "Correct dataset_type in dataset_metadata.json.",
    ),
    "version-differs": _Kind(
        "error", "LeRobot reads it as the version that is declared, and fails.",
        "Correct codebase_version in meta/info.json.",
    ),
    "version-old": _Kind("error", "Nothing here reads it.", "Convert it to v2.0 or later first."),
    "video-offset": _Kind(
        "error", "A trainer gets another episode's pictures, or none.",
        "Delete the episode into a cleaned copy, which cuts its video anew.",
    ),
    "wrong-type": _Kind(
        "error", "A trainer can't read it.", "Write the values anew as numbers of one width."
    ),
}  # fmt: skip


def known_problem(
    code: ProblemCode, sentence: str, episode: int | None, cameras: Sequence[str]
) -> Finding:
    """The finding for a reader's problem; `cameras` are the names that it may be about."""
    named = [name for name in cameras if re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", sentence)]
    named = named or [name for name in cameras if f"_{name}." in sentence]
    camera = max(named, key=len, default=None)
    kind = _KINDS[code]
    message = f"{shown(sentence)} {kind.meaning}"
    return Finding(kind.severity, code, episode, camera, message, kind.remedy)
