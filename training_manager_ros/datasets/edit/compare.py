"""What the sources of a merge disagree about, each difference with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from training_manager_ros.datasets.edit.parts import INNATE, JoinRules, Part, same_rate
from training_manager_ros.datasets.edit.plan import PlanProblem
from training_manager_ros.datasets.model import Camera, Signal
from training_manager_ros.errors import InvalidInput, Unreadable

__all__ = ["compare"]

_COMPARED = ("action", "qpos", "observation.state")


def compare(parts: Sequence[Part], rules: JoinRules) -> tuple[PlanProblem, ...]:
    """Differences between the parts. Raises `InvalidInput` for a camera that can't be renamed so.

    Values are compared by the first readable episode of each part.
    """
    for part in parts:
        _check_renaming(part)
    if len(parts) == 1:
        return tuple(_rates(parts, rules))
    return (
        *_rates(parts, rules),
        *_cameras(parts, rules),
        *_values(parts, rules),
    )


def _check_renaming(part: Part) -> None:
    known = part.dataset.cameras() if part.cameras else ()
    names = [camera.name for camera in known]
    for old, new in part.cameras.items():
        if old not in names:
            raise InvalidInput(
                f"{part.skill} has no camera {old!r}; it has {', '.join(names) or 'none'}."
            )
        if not new or new.startswith(".") or "/" in new or not new.isprintable():
            raise InvalidInput(f"{new!r} can't be a camera's name; use letters, digits and _.")
    new_names = [part.renamed(name) for name in names]
    twice = sorted({name for name in new_names if new_names.count(name) > 1})
    if twice:
        raise InvalidInput(f"Two cameras of {part.skill} would both be called {twice[0]}.")


def _rates(parts: Sequence[Part], rules: JoinRules) -> Iterator[PlanProblem]:
    rates = [part.dataset.summary.rate for part in parts]
    if rules.rate is not None:
        for part, rate in zip(parts, rates, strict=True):
            if rate and not same_rate(rate, rules.rate):
                yield PlanProblem(
                    f"{part.skill} was recorded at {rate:g} Hz, the result will say "
                    f"{rules.rate:g} Hz: its movements seem {rules.rate / rate:.3g} times as fast.",
                    "Leave the source out if a policy must learn true speeds.",
                )
        return
    if not all(same_rate(rates[0], rate) for rate in rates):
        each = ", ".join(
            f"{part.skill} {rate:g} Hz" if rate else f"{part.skill} unknown"
            for part, rate in zip(parts, rates, strict=True)
        )
        yield PlanProblem(
            f"The frame rates differ: {each}.",
            "Choose sources of one rate, or say which rate the result is to declare.",
            blocks=True,
            rule="rate",
        )


def _cameras(parts: Sequence[Part], rules: JoinRules) -> Iterator[PlanProblem]:
    seen = [{part.renamed(one.name): one for one in part.dataset.cameras()} for part in parts]
    for part, cameras in zip(parts[1:], seen[1:], strict=True):
        if cameras.keys() != seen[0].keys():
            yield _of_cameras(
                f"The cameras differ: {parts[0].skill} has {_listed(seen[0])}, "
                f"{part.skill} has {_listed(cameras)}.",
                "Map the names of those that are the same camera",
                part,
                rules,
            )
        for name in sorted(cameras.keys() & seen[0].keys()):
            yield from _camera(parts[0], seen[0][name], part, cameras[name], rules)


def _camera(
    first: Part, one: Camera, second: Part, other: Camera, rules: JoinRules
) -> Iterator[PlanProblem]:
    name = first.renamed(one.name)
    if one.width and other.width and (one.width, one.height) != (other.width, other.height):
        yield _of_cameras(
            f"The pictures of {name} differ in size: {one.width} x {one.height} in {first.skill}, "
            f"{other.width} x {other.height} in {second.skill}.",
            "Choose sources of one size",
            second,
            rules,
        )
    formats = [f"{camera.codec} {camera.pix_fmt}".strip() for camera in (one, other)]
    if "raw" not in (one.codec, other.codec) and all(formats) and formats[0] != formats[1]:
        yield PlanProblem(
            f"The videos of {name} are {formats[0]} in {first.skill} and {formats[1]} in "
            f"{second.skill}.",
            "Each keeps its own; training reads both.",
        )


def _of_cameras(message: str, remedy: str, part: Part, rules: JoinRules) -> PlanProblem:
    if _has_one_shape(part):
        return PlanProblem(message, f"{remedy}.", blocks=True)
    remedy = f"{remedy}, or allow different cameras."
    return PlanProblem(message, remedy, not rules.any_cameras, "any_cameras")


def _values(parts: Sequence[Part], rules: JoinRules) -> Iterator[PlanProblem]:
    seen = [_signals(part) for part in parts]
    for part, signals in zip(parts[1:], seen[1:], strict=True):
        for name in _COMPARED:
            one, other = seen[0].get(name), signals.get(name)
            if one is None and other is None:
                continue
            if one is None or other is None:
                lacking = part.skill if other is None else parts[0].skill
                yield _of_widths(f"{lacking} has no {name}, the other has.", part, rules)
            elif one.values.shape[1] != other.values.shape[1]:
                yield _of_widths(
                    f"{name} has {one.values.shape[1]} values in {parts[0].skill} and "
                    f"{other.values.shape[1]} in {part.skill}.",
                    part,
                    rules,
                )
            elif one.names != other.names:
                yield _allowed_widths(
                    f"The values of {name} are named differently in {parts[0].skill} and "
                    f"{part.skill}.",
                    rules,
                )


def _of_widths(message: str, part: Part, rules: JoinRules) -> PlanProblem:
    if _has_one_shape(part):
        return PlanProblem(message, "Choose sources of one robot.", blocks=True)
    return _allowed_widths(message, rules)


def _allowed_widths(message: str, rules: JoinRules) -> PlanProblem:
    remedy = "Choose sources of one robot, or allow different widths."
    return PlanProblem(message, remedy, not rules.any_width, "any_width")


def _has_one_shape(part: Part) -> bool:
    """Whether its format declares one shape for all episodes, so that no rule allows another."""
    return part.dataset.summary.format not in INNATE


def _signals(part: Part) -> dict[str, Signal]:
    for episode in part.episodes:
        try:
            return {signal.name: signal for signal in part.dataset.signals(episode)}
        except Unreadable:
            continue  # the joiner says so
    return {}


def _listed(cameras: dict[str, Camera]) -> str:
    return ", ".join(sorted(cameras)) or "none"
