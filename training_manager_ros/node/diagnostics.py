"""`/diagnostics`: whether the skills can be read and watched, once a second."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from training_manager_ros.skills import Catalog

__all__ = ["Diagnostics"]

_PERIOD = 1.0  # seconds; what diagnostic_updater uses


class Diagnostics:
    """Publishes the node's health on a timer."""

    def __init__(self, node: Node, catalog: Catalog) -> None:
        self._node = node
        self._catalog = catalog
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 1)
        node.create_timer(_PERIOD, self._publish)

    def _publish(self) -> None:
        array = DiagnosticArray(status=[self._skills()])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)

    def _skills(self) -> DiagnosticStatus:
        skills = self._catalog.skills()
        broken = [skill.name for skill in skills if skill.problem]
        level, message = DiagnosticStatus.OK, f"{len(skills)} skills"
        if broken:
            level, message = DiagnosticStatus.WARN, f"{len(broken)} of {len(skills)} skills broken"
        if self._catalog.problem:
            level, message = DiagnosticStatus.ERROR, self._catalog.problem
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
