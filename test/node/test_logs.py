"""The log's topic at the end of ROS."""

from __future__ import annotations

import logging

import rclpy
from rclpy.node import Node

from training_manager_ros.node.logs import LogTopic
from training_manager_ros.redaction import SecretFilter


def test_whoever_logs_when_ros_has_ended_does_not_fail(domain: int) -> None:
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=domain)
    node = Node("log_end", context=context)
    logs = LogTopic(node, SecretFilter())
    logger = logging.Logger("training_manager.test")
    logger.addHandler(logs)
    logger.info("before")
    context.shutdown()
    logger.info("after")
    assert [line.msg for line in logs.newest(9)] == ["before", "after"]
    node.destroy_node()
