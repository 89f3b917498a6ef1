"""The node `/training_manager`: services and latched topics over the skills on disk."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from rclpy.node import Node
from std_srvs.srv import Trigger

from training_manager.msg import SkillList
from training_manager_ros.datasets import FactCache
from training_manager_ros.node import convert
from training_manager_ros.node.latched import LATCHED
from training_manager_ros.node.logs import LogTopic
from training_manager_ros.node.namesakes import Namesakes
from training_manager_ros.node.parameters import NodeParameters
from training_manager_ros.paths import cache_dir
from training_manager_ros.redaction import SecretFilter
from training_manager_ros.skills import Catalog, Watch, watch

if TYPE_CHECKING:
    from training_manager_ros.node.training_services import TrainingServices
    from training_manager_ros.node.work import Work

__all__ = ["TrainingManagerNode"]

_log = logging.getLogger("training_manager.node")

_LOOK_FOR_NAMESAKES = 2.0  # seconds between two counts


class TrainingManagerNode:
    """Everything other nodes and the panel reach; `start` begins to watch the skills."""

    def __init__(self, secrets: SecretFilter) -> None:
        # Held, not inherited from: rclpy.Node's own attributes are many and differ by release.
        self.node = Node("training_manager")
        self._parameters = NodeParameters(self.node)
        self._secrets = secrets
        self._logs = LogTopic(self.node, secrets)
        logging.getLogger("training_manager").addHandler(self._logs)
        self._skills_dir = self._parameters.skills_dir
        self._catalog = Catalog(self._skills_dir, FactCache(cache_dir() / "facts.sqlite"))
        self._publishing = threading.Lock()
        self._skills_topic = self.node.create_publisher(SkillList, "~/skills", LATCHED)
        self._namesakes = Namesakes(self._count_managers, self._publish_skills)
        self._watch: Watch | None = None
        self._work: Work | None = None
        self._training: TrainingServices | None = None
        self._reload_client: Any = None

    def start(self) -> None:
        """Publish the skills as they are, serve, and publish every change of them from then on."""
        self._publish_skills()  # before all else: who waits for the robot waits for this
        found = self._skills_topic.get_subscription_count()
        self._serve()
        if self._skills_topic.get_subscription_count() > found:
            # Whoever is found after a publication gets it with a later heartbeat: after seconds.
            self._publish_skills()
        self._watch = watch(self._skills_dir, self._on_change)
        self._on_change(())  # what changed before the watch stood
        if self._work is not None:
            self._work.start()
        if self._training is not None:
            self._training.start()
        _log.info("Watching %d skills in %s", len(self._catalog.skills()), self._skills_dir)

    def _serve(self) -> None:
        # Loaded by now, not with this module: it would delay the skills.
        from training_manager_ros.node.diagnostics import Diagnostics
        from training_manager_ros.node.skill_services import SkillServices
        from training_manager_ros.node.training_services import Surroundings, TrainingServices
        from training_manager_ros.node.work import Work

        Diagnostics(self.node, self._catalog, self._problem)
        self.node.create_timer(_LOOK_FOR_NAMESAKES, self._namesakes.look)
        SkillServices(self.node, self._catalog, self._logs, self._changed)
        self._reload_client = self._make_reload_client()
        self._work = Work(self.node, self._catalog, self._parameters, self._changed)
        around = Surroundings(
            catalog=self._catalog,
            changed=self._changed,
            submit=self._work.submit,
            auto_download=lambda: self._parameters.auto_download,
        )
        server, issuer = self._parameters.server_url, self._parameters.auth_issuer_url
        self._training = TrainingServices(self.node, server, issuer, around, self._secrets)
        self._parameters.when_set("poll_interval", self._training.poll_every)
        self._work.listen(self._training.jobs_changed)

    def let_go(self) -> None:
        """End what handlers wait for, so that the executor can end."""
        if self._training is not None:
            self._training.let_go()

    def stop(self) -> None:
        """Stop watching, and destroy the node."""
        if self._watch is not None:
            self._watch.stop()
        if self._work is not None:
            self._work.stop()
        if self._training is not None:
            self._training.stop()
        logging.getLogger("training_manager").removeHandler(self._logs)
        self.node.destroy_node()

    def _on_change(self, names: Collection[str]) -> None:
        # Called from the watch's own thread, with nothing named when everything may have changed.
        if self._catalog.refresh(names or None):
            self._publish_skills()
        if self._training is not None:
            self._training.skills_changed(names)

    def _publish_skills(self) -> None:
        with self._publishing:
            self._skills_topic.publish(
                SkillList(
                    stamp=self.node.get_clock().now().to_msg(),
                    skills_dir=str(self._skills_dir),
                    problem=self._problem(),
                    skills=[convert.skill_to_msg(skill) for skill in self._catalog.skills()],
                )
            )

    def _count_managers(self) -> int:
        try:
            return int(self.node.count_publishers(self._skills_topic.topic_name))
        except RuntimeError:
            if self.node.context.ok():
                raise
            return 1  # ROS has ended

    def _problem(self) -> str:
        watching = self._watch.problem if self._watch is not None else ""
        return self._catalog.problem or watching or self._namesakes.problem

    def _changed(self, name: str) -> bool:
        """Show a change of our own at once instead of waiting for the watch, and tell the brain.

        Whether there is a brain that was told.
        """
        self._on_change({name})
        if self._reload_client is None or not self._reload_client.service_is_ready():
            return False
        self._reload_client.call_async(Trigger.Request())
        return True

    def _make_reload_client(self) -> Any:
        name = self._parameters.reload_service
        return self.node.create_client(Trigger, name) if name else None
