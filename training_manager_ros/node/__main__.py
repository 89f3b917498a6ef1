"""`python -m training_manager_ros.node`: run the node until Ctrl-C."""

from __future__ import annotations

import logging
import signal
import sys

import rclpy
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor

from training_manager_ros.node.node import TrainingManagerNode
from training_manager_ros.node.waiting import MOST_WAITING
from training_manager_ros.redaction import SecretFilter

# Handlers answer within milliseconds; a few threads keep one slow disk from holding up the rest.
# Those that wait for the training server get as many more; a thread is made when it is needed.
THREADS = 4 + MOST_WAITING


def main() -> int:
    """Run until the process is told to end; the exit code is 0 then."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    secrets = SecretFilter()
    for handler in logging.getLogger().handlers:
        handler.addFilter(secrets)
        handler.setLevel(logging.INFO)  # details are on ~/logs
    rclpy.init()
    try:
        run(secrets)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except Exception:
        if rclpy.ok():
            raise  # else it was told to end while it started, and ROS was gone already
    rclpy.try_shutdown()
    return 0


def run(secrets: SecretFilter) -> None:
    """Run the node until the process is told to end."""
    manager = TrainingManagerNode(secrets)
    executor = MultiThreadedExecutor(num_threads=THREADS)
    executor.add_node(manager.node)
    try:
        manager.start()
        executor.spin()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave it half done
        manager.let_go()
        executor.shutdown()
        manager.stop()


if __name__ == "__main__":
    sys.exit(main())
