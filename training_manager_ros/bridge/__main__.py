"""`python -m training_manager_ros.bridge`: run the bridge until it is told to end."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Sequence

from rclpy.utilities import remove_ros_args

from training_manager_ros.bridge.actions import Actions
from training_manager_ros.bridge.globs import OUR_NAMES, Globs
from training_manager_ros.bridge.logs import LogInput
from training_manager_ros.bridge.publishers import Publishers
from training_manager_ros.bridge.rosthread import RosThread
from training_manager_ros.bridge.server import Server, listen
from training_manager_ros.bridge.services import Services
from training_manager_ros.bridge.session import Bridge
from training_manager_ros.bridge.subscribers import Subscribers
from training_manager_ros.errors import TrainingManagerError

MAX_MESSAGE_SIZE = 10_000_000  # as rosbridge_server's

_log = logging.getLogger("training_manager.bridge")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM. Exit code 0 then, 1 where it can't listen, 2 for wrong usage."""
    given = list(sys.argv if arguments is None else arguments)
    options = _parser().parse_args(remove_ros_args(given)[1:])
    logging.basicConfig(
        level=options.log_level.upper(),
        format="%(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("tornado.access").setLevel(logging.WARNING)  # connections are logged already
    try:
        sockets = listen(options.address, options.port)
    except TrainingManagerError as error:
        print(error, file=sys.stderr)
        return 1
    asyncio.run(_run(options, sockets, given))
    return 0


async def _run(
    options: argparse.Namespace, sockets: list[socket.socket], arguments: Sequence[str]
) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    ros = RosThread(loop, arguments)
    to_the_node = LogInput(ros)
    logging.getLogger().addHandler(to_the_node)
    bridge = Bridge(
        loop=loop,
        subscribers=Subscribers(ros),
        publishers=Publishers(ros, loop),
        services=Services(ros, loop),
        actions=Actions(ros, loop),
        topics=options.topics_glob,
        service_names=options.services_glob,
        action_names=options.actions_glob,
    )
    ros.start()
    server = Server(sockets, bridge, options.allow_origin, options.max_message_size)
    port = sockets[0].getsockname()[1]
    print(f"rosbridge on ws://{options.address}:{port}", flush=True)
    _log.info("Listening on ws://%s:%d", options.address, port)
    await ended.wait()
    await server.stop()
    logging.getLogger().removeHandler(to_the_node)
    ros.stop()


def _globs(text: str) -> Globs:
    try:
        return Globs.parse(text)
    except TrainingManagerError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training_manager_ros.bridge",
        description="rosbridge v2 over WebSocket for this package's topics, services and actions.",
    )
    parser.add_argument("--address", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port",
        type=int,
        default=9090,
        help="port; 0 takes a free one, which is printed (%(default)s)",
    )
    for kind in ("topics", "services", "actions"):
        parser.add_argument(
            f"--{kind}_glob",
            type=_globs,
            default=OUR_NAMES,
            metavar="GLOBS",
            help=f"{kind} open to clients, as [/a/*, /b]; [*] for all (default: this package's)",
        )
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let web pages of this origin connect; may be repeated (default: none)",
    )
    parser.add_argument(
        "--max_message_size",
        type=int,
        default=MAX_MESSAGE_SIZE,
        metavar="BYTES",
        help="largest message of a client (%(default)s)",
    )
    parser.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="info",
        help="from which level on messages are logged (%(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
