"""`/diagnostics`: whether the skills can be read and watched, once a second."""

from __future__ import annotations

from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from training_manager_ros.skills import Catalog

__all__ = ["Diagnostics"]

_PERIOD = 1.0  # seconds; what diagnostic_updater uses


class Diagnostics:
    """Publishes the node's health on a timer; `problem` says what is wrong as a whole, or ""."""

    def __init__(self, node: Node, catalog: Catalog, problem: Callable[[], str]) -> None:
        self._node = node
        self._catalog = catalog
        self._problem = problem
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 1)
        node.create_timer(_PERIOD, self._publish)

    def _publish(self) -> None:
        array = DiagnosticArray(status=[self._skills()])
        array.header.stamp = self._node.get_clock().now().to_msg()
        try:
            self._publisher.publish(array)
        except RuntimeError:
            if self._node.context.ok():  # else ROS has ended
                raise

    def _skills(self) -> DiagnosticStatus:
        skills = self._catalog.skills()
        broken = [skill.name for skill in skills if skill.problem]
        level, message = DiagnosticStatus.OK, f"{len(skills)} skills"
        if broken:
            level, message = DiagnosticStatus.WARN, f"{len(broken)} of {len(skills)} skills broken"
        if problem := self._problem():
            level, message = DiagnosticStatus.ERROR, problem
        return DiagnosticStatus(
            level=level,
            name="training_manager: skills",
            message=message,
            hardware_id="",
            values=[
                KeyValue(key="skills_dir", value=str(self._catalog.root)),
                KeyValue(key="skills", value=str(len(skills))),
                KeyValue(key="broken", value=", ".join(broken)),
            ],
        )
