"""The node's parameters: what they mean, their ranges, and which may change while it runs.

The training server's service key is none of them, because everybody on ROS can read parameters.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rcl_interfaces.msg import ParameterDescriptor, SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

__all__ = ["PARAMETERS", "NodeParameters", "ParameterSpec"]


@dataclass(frozen=True)
class ParameterSpec:
    """One declared parameter; `choices` empty means any text."""

    name: str
    default: str
    description: str
    choices: tuple[str, ...] = ()
    read_only: bool = False


PARAMETERS = (
    ParameterSpec("skills_dir", "~/skills", "Directory of the skills.", read_only=True),
    ParameterSpec(
        "log_level",
        "info",
        "From which level on messages are shown and kept.",
        choices=("debug", "info", "warning", "error"),
    ),
    ParameterSpec(
        "server_url",
        "",
        "Address of the training server; empty: TRAINING_SERVER_URL, else Innate's.",
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
        "reload_service",
        "/brain/reload_primitives",
        "A std_srvs/srv/Trigger service that is called after a skill was changed, where it is "
        "there; empty: none.",
    ),
)


class NodeParameters:
    """Declares the parameters on a node and reads their present values."""

    def __init__(self, node: Node) -> None:
        self._node = node
        for spec in PARAMETERS:
            description = spec.description
            if spec.choices:
                description += f" One of {', '.join(spec.choices)}."
            node.declare_parameter(
                spec.name,
                spec.default,
                ParameterDescriptor(description=description, read_only=spec.read_only),
            )
        problem = _problem(
            [Parameter(spec.name, value=self._value(spec.name)) for spec in PARAMETERS]
        )
        if problem:
            raise SystemExit(problem)
        self._apply_log_level(self._value("log_level"))
        node.add_on_set_parameters_callback(self._on_set)

    @property
    def skills_dir(self) -> Path:
        """Where the skills are."""
        return Path(self._value("skills_dir")).expanduser().absolute()

    @property
    def reload_service(self) -> str:
        """Name of the service to call after a change; "" = none."""
        return self._value("reload_service")

    def _value(self, name: str) -> str:
        return str(self._node.get_parameter(name).value)

    def _on_set(self, parameters: Sequence[Parameter]) -> SetParametersResult:
        problem = _problem(parameters)
        if not problem:
            for parameter in parameters:
                if parameter.name == "log_level":
                    self._apply_log_level(str(parameter.value))
        return SetParametersResult(successful=not problem, reason=problem)

    def _apply_log_level(self, level: str) -> None:
        logging.getLogger("training_manager").setLevel(level.upper())


def _problem(parameters: Sequence[Parameter]) -> str:
    specs = {spec.name: spec for spec in PARAMETERS}
    for parameter in parameters:
        spec = specs.get(parameter.name)
        if spec and spec.choices and parameter.value not in spec.choices:
            return f"{spec.name} must be one of {', '.join(spec.choices)}, not {parameter.value!r}."
    return ""
