"""`training-manager ui`: panel server, node and bridge as one command on any machine."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from training_manager_ros.panel.running import (
    end_within,
    explain,
    set_up_logging,
    when_told_to_end,
)
from training_manager_ros.panel.server import (
    MEDIA_BYTES,
    CantListen,
    PanelOptions,
    PanelServer,
    free_loopback_port,
)
from training_manager_ros.panel.supervisor import Child, Supervisor
from training_manager_ros.panel.welcome import print_welcome

__all__ = ["children", "run"]

_KEY = "INNATE_SERVICE_KEY"
_ISSUER = "INNATE_AUTH_ISSUER_URL"
_DISCOVERY = "ROS_AUTOMATIC_DISCOVERY_RANGE"
_OTHER_DISCOVERY = ("ROS_LOCALHOST_ONLY", "ROS_STATIC_PEERS", "ROS_DISCOVERY_SERVER")


def children(
    args: argparse.Namespace,
    skills_dir: Path,
    bridge_port: int,
    environment: Mapping[str, str],
    own_server: tuple[str, ...] = (),
) -> tuple[Child, ...]:
    """The processes beside the panel server. Only the node gets the service key, and only by its
    environment: arguments and parameters can be read by others.

    `own_server` is the command of a training server that runs as long as the panel.
    """
    environment = _found_on_this_machine_alone(environment)
    parameters = {
        "skills_dir": str(skills_dir),
        "server_url": args.server,
        "auth_issuer_url": args.issuer,
    }
    options: list[str] = []
    for name, value in parameters.items():
        if value is not None:
            options += ["-p", f"{name}:={json.dumps(value, ensure_ascii=False)}"]
    without_key = {name: value for name, value in environment.items() if name != _KEY}
    key = args.token or environment.get(_KEY, "")
    with_key = {**without_key, _KEY: key} if key else without_key
    if args.issuer == "":  # the key itself is the token; an empty parameter would say nothing
        with_key = {**with_key, _ISSUER: ""}
    module = (sys.executable, "-m")
    server = (Child("The training server", own_server, without_key),) if own_server else ()
    return (
        *server,
        Child("The node", (*module, "training_manager_ros.node", "--ros-args", *options), with_key),
        Child(
            "The bridge",
            (*module, "training_manager_ros.bridge", "--port", str(bridge_port)),
            without_key,
        ),
    )


def _found_on_this_machine_alone(environment: Mapping[str, str]) -> Mapping[str, str]:
    """ROS has no sign-in: nodes of other machines find ours only if the environment says so."""
    if any(environment.get(name) for name in (_DISCOVERY, *_OTHER_DISCOVERY)):
        return environment
    return {**environment, _DISCOVERY: "LOCALHOST"}


async def _run(args: argparse.Namespace, own_server: tuple[str, ...]) -> int:
    told = when_told_to_end()
    skills_dir = Path(args.skills_dir).expanduser().absolute()
    bridge_port = free_loopback_port()
    options = PanelOptions(
        skills_dir=skills_dir,
        bridge_port=bridge_port,
        host=args.host or "",
        port=args.port,
        auth=not args.no_auth,
        allowed_hosts=tuple(args.allow_host),
        media_bytes=args.media_cache_bytes or MEDIA_BYTES,
    )
    try:
        server = PanelServer(options)
    except CantListen as error:
        explain(error, sys.stderr)
        return 1
    supervisor = Supervisor(children(args, skills_dir, bridge_port, os.environ, own_server))
    server.start()
    supervisor.start()
    print_welcome(server, sys.stdout, os.environ)
    await told.wait()
    end_within(4.8)
    await asyncio.gather(server.stop(), supervisor.stop())
    return 0


def run(args: argparse.Namespace, own_server: tuple[str, ...] = ()) -> int:
    """Run until the process is told to end. 0: ended as told; 1: it can't listen.

    Takes `host`, `port`, `skills_dir`, `no_auth`, `server`, `issuer` and `token` from `args`;
    `own_server`: see `children`.
    """
    set_up_logging("info")
    return asyncio.run(_run(args, own_server))
