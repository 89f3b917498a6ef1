"""Everything on a robot: node, panel server, and a rosbridge that only the panel server reaches.

    ros2 launch training_manager ui.launch.py skills_dir:=~/skills port:=8080

What dies comes back; Ctrl-C ends all of it within five seconds. The training server's service key
is read from the environment (INNATE_SERVICE_KEY) and is no argument, because arguments are public.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator

from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess, OpaqueFunction
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.substitutions import EnvironmentVariable, LaunchConfiguration
from launch_ros.actions import Node

PACKAGE = "training_manager"
OUR_NAMES = f"[/{PACKAGE}/*]"  # rosbridge hands on nothing else of the robot
KEY = "INNATE_SERVICE_KEY"  # of the training server: for the node alone
LOOPBACK = "127.0.0.1"

# rosbridge_server ignores SIGTERM, so the time before each escalation counts towards Ctrl-C.
RESTARTED = {"respawn": True, "respawn_delay": 2.0, "output": "screen"}
ENDED = {"sigterm_timeout": "2", "sigkill_timeout": "2"}


def arguments() -> Iterator[DeclareLaunchArgument]:
    """What the command line can say."""
    yield DeclareLaunchArgument(
        "skills_dir", default_value="~/skills", description="directory of the skills"
    )
    yield DeclareLaunchArgument(
        "port", default_value="8080", description="port of the panel in the browser"
    )
    yield DeclareLaunchArgument(
        "host", default_value="0.0.0.0", description="address the panel listens on"
    )
    yield DeclareLaunchArgument(
        "server",
        default_value=EnvironmentVariable("TRAINING_SERVER_URL", default_value=""),
        description="address of the training server; empty: Innate's",
    )
    yield DeclareLaunchArgument(
        "issuer",
        default_value=EnvironmentVariable("INNATE_AUTH_ISSUER_URL", default_value=""),
        description="address that exchanges the service key for a token; empty: Innate's",
    )
    yield DeclareLaunchArgument(
        "bridge",
        default_value="auto",
        choices=["auto", "rosbridge", "own"],
        description="rosbridge_server, or the package's own bridge; auto: the former if installed",
    )
    yield DeclareLaunchArgument(
        "auth",
        default_value="true",
        choices=["true", "false"],
        description="false: whoever reaches the port may do everything",
    )
    yield DeclareLaunchArgument(
        "allow_host",
        default_value="",
        description="a further name that the panel may be opened by; several with commas",
    )
    yield DeclareLaunchArgument(
        "media_cache_bytes",
        default_value="2147483648",
        description="size of the cache of encoded videos",
    )
    yield DeclareLaunchArgument(
        "log_level",
        default_value="",
        choices=["", "debug", "info", "warning", "error"],
        description="from which level on messages are logged; empty: all of the node's on ~/logs, "
        "those of the others from info on",
    )


def start(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """The three processes, once the arguments are known."""

    def argument(name: str) -> str:
        return str(context.perform_substitution(LaunchConfiguration(name)))

    host, port = argument("host"), int(argument("port"))
    complain_if_taken(host, port)
    skills_dir = os.path.abspath(os.path.expanduser(argument("skills_dir")))
    bridge_port = free_port()
    log_level = ["--log-level", level] if (level := argument("log_level")) else []
    chosen = {
        "log_level": level,
        "server_url": argument("server"),
        "auth_issuer_url": argument("issuer"),
    }
    environment = {name: text for name, text in context.environment.items() if name != KEY}
    return [
        Node(
            package=PACKAGE,
            executable="node",
            name=PACKAGE,
            parameters=[
                {"skills_dir": skills_dir},
                {name: value for name, value in chosen.items() if value},
            ],
            **RESTARTED,
            **ENDED,
        ),
        rosbridge(bridge_port, environment)
        if uses_rosbridge_server(argument("bridge"))
        else own_bridge(bridge_port, log_level, environment),
        ExecuteProcess(
            name="panel",
            cmd=[
                executable("panel"),
                *("--host", host, "--port", str(port), "--skills-dir", skills_dir),
                *("--bridge-port", str(bridge_port), *log_level),
                *("--media-cache-bytes", argument("media_cache_bytes")),
                *(f"--allow-host={name}" for name in argument("allow_host").split(",") if name),
                *([] if argument("auth") == "true" else ["--no-auth"]),
            ],
            env=environment,
            **RESTARTED,
            **ENDED,
        ),
    ]


def uses_rosbridge_server(choice: str) -> bool:
    """Whether rosbridge_server is to be started; an error if it is asked for and not installed."""
    if choice == "own":
        return False
    try:
        get_package_prefix("rosbridge_server")
    except PackageNotFoundError:
        if choice == "rosbridge":
            distribution = os.environ.get("ROS_DISTRO", "<distro>")
            raise RuntimeError(
                "bridge:=rosbridge, but rosbridge_server is not installed. Install "
                f"ros-{distribution}-rosbridge-server, or leave the argument out."
            ) from None
        return False
    return True


def rosbridge(port: int, environment: dict[str, str]) -> Node:
    """The distribution's rosbridge_server, reachable from this machine alone."""
    return Node(
        package="rosbridge_server",
        executable="rosbridge_websocket",
        name=f"{PACKAGE}_rosbridge",
        parameters=[
            {
                "address": LOOPBACK,
                "port": port,
                "topics_glob": OUR_NAMES,
                "services_glob": OUR_NAMES,
                "actions_glob": OUR_NAMES,
                "params_glob": "[]",
                "call_services_in_new_thread": True,
                "send_action_goals_in_new_thread": True,
            }
        ],
        env=environment,
        **RESTARTED,
        **ENDED,
    )


def own_bridge(port: int, log_level: list[str], environment: dict[str, str]) -> ExecuteProcess:
    """The package's bridge, for machines without rosbridge_server."""
    return ExecuteProcess(
        name="bridge",
        cmd=[executable("bridge"), "--port", str(port), *log_level],
        env=environment,
        **RESTARTED,
        **ENDED,
    )


def executable(name: str) -> str:
    """Path of one of this package's executables."""
    return os.path.join(get_package_prefix(PACKAGE), "lib", PACKAGE, name)


def free_port() -> int:
    """A port on loopback that nobody uses, so that a robot's own rosbridge on 9090 stays alone."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def complain_if_taken(host: str, port: int) -> None:
    """Fail before anything starts, rather than restart a panel server that can't ever listen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise RuntimeError(f"The panel can't listen on {host}:{port}: {error}") from error
            raise RuntimeError(
                f"Port {port} is taken. End what listens there, or choose another with port:=8081."
            ) from error


def generate_launch_description() -> LaunchDescription:
    """What `ros2 launch` asks for."""
    return LaunchDescription([*arguments(), OpaqueFunction(function=start)])
