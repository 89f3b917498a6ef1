"""The node's parameters: what they mean, their ranges, and which may change while it runs.

The training server's service key is none of them, because everybody on ROS can read parameters.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.exceptions import ParameterException
from rclpy.node import Node
from rclpy.parameter import Parameter

from training_manager_ros.datasets.edit.files import FileMode

__all__ = ["PARAMETERS", "NodeParameters", "ParameterSpec"]


@dataclass(frozen=True)
class ParameterSpec:
    """One declared parameter; its type is that of `default`.

    `choices` empty means any text; a number lies within `limits`, both included.
    """

    name: str
    default: str | int | float
    description: str
    choices: tuple[str, ...] = ()
    limits: tuple[float, float] | None = None
    read_only: bool = False

    @property
    def explained(self) -> str:
        """The description with the values that are allowed."""
        if self.choices:
            return f"{self.description} One of: {', '.join(self.choices)}."
        if self.limits is not None:
            lowest, highest = self.limits
            return f"{self.description} {lowest:g} to {highest:g}."
        return self.description

    @property
    def descriptor(self) -> ParameterDescriptor:
        """As ROS shows and checks it."""
        described = ParameterDescriptor(description=self.explained, read_only=self.read_only)
        if self.limits is not None:
            lowest, highest = self.limits
            if isinstance(self.default, int):
                whole = IntegerRange(from_value=int(lowest), to_value=int(highest))
                described.integer_range = [whole]
            else:
                real = FloatingPointRange(from_value=float(lowest), to_value=float(highest))
                described.floating_point_range = [real]
        return described


PARAMETERS = (
    ParameterSpec("skills_dir", "~/skills", "Directory of the skills.", read_only=True),
    ParameterSpec(
        "log_level",
        "debug",
        "From which level on messages are on ~/logs; a terminal shows them from info on.",
        choices=("debug", "info", "warning", "error"),
    ),
    ParameterSpec(
        "file_mode",
        FileMode.AUTO.value,
        "How a file that stays as it is comes to the new skill of an edit, where the request does "
        "not say; auto: the cheapest that the file system can do.",
        choices=tuple(mode.value for mode in FileMode),
    ),
    ParameterSpec(
        "job_workers",
        2,
        "How many jobs run at the same time; one that is paused does not count.",
        limits=(1, 16),
    ),
    ParameterSpec(
        "server_url",
        "",
        "Address of the training server; empty: TRAINING_SERVER_URL or the settings file, else "
        "Innate's.",
        read_only=True,
    ),
    ParameterSpec(
        "auth_issuer_url",
        "",
        "Address that exchanges the service key for a token; empty: INNATE_AUTH_ISSUER_URL or "
        "INNATE_AUTH_URL, else Innate's.",
        read_only=True,
    ),
    ParameterSpec(
        "poll_interval",
        3.0,
        "Seconds between two questions about runs that are active.",
        limits=(0.5, 600.0),
    ),
    ParameterSpec(
        "auto_download",
        True,
        "Whether the results of runs that turn done are downloaded; what fails is tried again.",
    ),
    ParameterSpec(
        "reload_service",
        "/brain/reload_primitives",
        "A std_srvs/srv/Trigger service that is called after a skill was changed, where it is "
        "there; empty: none.",
        read_only=True,  # else whoever reaches the panel could have any such service called
    ),
)


class NodeParameters:
    """Declares the parameters on a node and reads their present values."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._listeners: dict[str, Callable[[Any], None]] = {}
        for spec in PARAMETERS:
            try:
                node.declare_parameter(spec.name, spec.default, spec.descriptor)
            except ParameterException as error:
                raise SystemExit(f"{spec.name} can't be that: {error}") from error
        problem = _problem([node.get_parameter(spec.name) for spec in PARAMETERS])
        if problem:
            raise SystemExit(problem)
        log = logging.getLogger("training_manager")
        self.when_set("log_level", lambda level: log.setLevel(str(level).upper()))
        node.add_on_set_parameters_callback(self._on_set)

    @property
    def skills_dir(self) -> Path:
        """Where the skills are."""
        return Path(self._text("skills_dir")).expanduser().absolute()

    @property
    def reload_service(self) -> str:
        """Name of the service to call after a change; "" = none."""
        return self._text("reload_service")

    @property
    def server_url(self) -> str:
        """Address of the training server; "" = as the environment or the settings file says."""
        return self._text("server_url")

    @property
    def auth_issuer_url(self) -> str:
        """Address of the sign-in service; "" = as the environment or the settings file says."""
        return self._text("auth_issuer_url")

    @property
    def auto_download(self) -> bool:
        """Whether the results of runs that turn done are downloaded; what fails is tried again."""
        return bool(self._node.get_parameter("auto_download").value)

    @property
    def file_mode(self) -> str:
        """How files come to a new skill where a request does not say."""
        return self._text("file_mode")

    def when_set(self, name: str, apply: Callable[[Any], None]) -> None:
        """Call `apply` with a parameter's value, now and whenever it is changed."""
        self._listeners[name] = apply
        self._apply(self._node.get_parameter(name))

    def _text(self, name: str) -> str:
        return str(self._node.get_parameter(name).value)

    def _on_set(self, parameters: Sequence[Parameter]) -> SetParametersResult:
        problem = _problem(parameters)
        if not problem:
            for parameter in parameters:
                self._apply(parameter)
        return SetParametersResult(successful=not problem, reason=problem)

    def _apply(self, parameter: Parameter) -> None:
        if apply := self._listeners.get(parameter.name):
            apply(parameter.value)


def _problem(parameters: Sequence[Parameter]) -> str:
    specs = {spec.name: spec for spec in PARAMETERS}
    for parameter in parameters:
        spec = specs.get(parameter.name)
        if spec and spec.choices and parameter.value not in spec.choices:
            return f"{spec.name} must be one of {', '.join(spec.choices)}, not {parameter.value!r}."
    return ""
