"""Whether videos are such as browsers play, trainers read at random and LeRobot was told of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from training_manager_ros.datasets.check.finding import Finding
from training_manager_ros.datasets.lerobot_info import Feature
from training_manager_ros.datasets.listing import some
from training_manager_ros.datasets.model import VideoFrames
from training_manager_ros.datasets.video import read_index

__all__ = ["CodecCheck"]

_PLAYED = {("h264", "yuv420p"), ("av1", "yuv420p")}
_FAR = 60  # frames between keyframes from which on reading at random gets slow
_KEEP = "Nothing must be done; converting anew makes it faster."


class CodecCheck:
    """Gathers the kinds of video of each camera; findings come at the end, one for each kind."""

    def __init__(self, declared: Mapping[str, Feature]) -> None:
        self._declared = declared
        self._kinds: dict[str, dict[tuple[str, str, int, int], list[int]]] = {}
        self._gaps: dict[str, int] = {}
        self._late: dict[str, list[str]] = {}
        self._seen: dict[tuple[str, Path], tuple[str, str, int, int]] = {}

    def add(self, episode: int, camera: str, source: VideoFrames) -> None:
        """Look at the file of an episode; a file that several share is opened once."""
        key = camera, source.path
        if key not in self._seen:
            index = read_index(source.path)
            self._seen[key] = index.codec, index.pix_fmt, index.width, index.height
            self._gaps[camera] = max(self._gaps.get(camera, 0), index.longest_gap)
            if not index.index_first:
                self._late.setdefault(camera, []).append(source.path.name)
        self._kinds.setdefault(camera, {}).setdefault(self._seen[key], []).append(episode)

    def findings(self) -> Iterator[Finding]:
        """What was gathered."""
        for camera, kinds in self._kinds.items():
            yield from self._refused(camera, kinds)
            yield from self._mixed(camera, kinds)
            yield from self._undeclared(camera, kinds)
            if self._gaps[camera] > _FAR:
                yield Finding(
                    "note", "keyframes-far", None, camera,
                    f"The videos of {camera} have up to {self._gaps[camera]} frames from one "
                    "keyframe to the next: reading one frame decodes all before it.", _KEEP,
                )  # fmt: skip
            if camera in self._late:
                yield Finding(
                    "note", "index-last", None, camera,
                    f"The index stands at the end of {some(self._late[camera])}: a browser starts "
                    "later.", _KEEP,
                )  # fmt: skip

    def _refused(
        self, camera: str, kinds: Mapping[tuple[str, str, int, int], list[int]]
    ) -> Iterator[Finding]:
        for codec, pix_fmt in sorted({kind[:2] for kind in kinds}):
            if (codec, pix_fmt) not in _PLAYED:
                yield Finding(
                    "warning", "codec-refused", None, camera,
                    f"The videos of {camera} are {codec} {pix_fmt or '(pixel format unknown)'}: "
                    "browsers refuse them, and hardware decoders mostly do. The panel plays a "
                    "copy that it encodes.",
                    "Encode the videos as h264 yuv420p with as many frames.",
                )  # fmt: skip

    def _mixed(
        self, camera: str, kinds: Mapping[tuple[str, str, int, int], list[int]]
    ) -> Iterator[Finding]:
        if len({kind[2:] for kind in kinds}) > 1:
            sizes = "; ".join(
                f"{width} x {height} in episodes {some(map(str, episodes))}"
                for (_, _, width, height), episodes in sorted(kinds.items())
            )
            yield Finding(
                "error", "size-differs", None, camera,
                f"The pictures of {camera} have different sizes: {sizes}. A trainer can't put "
                "them into one batch.", "Keep the episodes of one size in a cleaned copy.",
            )  # fmt: skip
        elif len(kinds) > 1:
            names = ", ".join(sorted({" ".join(kind[:2]) for kind in kinds}))
            yield Finding(
                "note", "codec-mixed", None, camera,
                f"The videos of {camera} are encoded in different ways: {names}. They can't share "
                "a file.", "Nothing must be done.",
            )  # fmt: skip

    def _undeclared(
        self, camera: str, kinds: Mapping[tuple[str, str, int, int], list[int]]
    ) -> Iterator[Finding]:
        told = self._declared.get(camera)
        if told is None:
            return
        for codec, pix_fmt, width, height in sorted(kinds):
            if told.width and told.height and (told.width, told.height) != (width, height):
                yield Finding(
                    "error", "size-undeclared", None, camera,
                    f"meta/info.json declares {told.width} x {told.height} pixels for {camera}, "
                    f"but its videos have {width} x {height}. A policy is built for what is "
                    "declared.", "Correct the shape in meta/info.json.",
                )  # fmt: skip
            elif (told.codec and told.codec != codec) or told.pix_fmt not in ("", pix_fmt):
                yield Finding(
                    "note", "codec-undeclared", None, camera,
                    f"meta/info.json declares {told.codec} {told.pix_fmt} for {camera}, but its "
                    f"videos are {codec} {pix_fmt}.", "Correct video.codec in meta/info.json.",
                )  # fmt: skip
