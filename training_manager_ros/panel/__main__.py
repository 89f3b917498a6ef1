"""`python -m training_manager_ros.panel`: the panel server alone; a bridge runs elsewhere."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from training_manager_ros.panel.running import (
    LOG_LEVELS,
    end_within,
    explain,
    set_up_logging,
    when_told_to_end,
)
from training_manager_ros.panel.server import MEDIA_BYTES, CantListen, PanelOptions, PanelServer
from training_manager_ros.panel.welcome import print_welcome

__all__ = ["main"]


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="panel", description=__doc__)
    parser.add_argument("--host", default="", help="address to listen on (default: all)")
    parser.add_argument("--port", type=int, default=8080, help="port (default: 8080)")
    parser.add_argument("--skills-dir", type=Path, default=Path("~/skills"))
    parser.add_argument(
        "--bridge-port", type=int, required=True, help="port of a rosbridge on 127.0.0.1"
    )
    parser.add_argument("--no-auth", action="store_true", help="let everybody in: no sign-in")
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name that the panel may be opened by; again for more",
    )
    parser.add_argument(
        "--media-cache-bytes",
        type=int,
        default=MEDIA_BYTES,
        help="size of the cache of encoded videos (default: 2 GiB)",
    )
    parser.add_argument("--log-level", choices=LOG_LEVELS, default="info")
    return parser


async def _run(options: PanelOptions) -> int:
    told = when_told_to_end()
    try:
        server = PanelServer(options)
    except CantListen as error:
        explain(error, sys.stderr)
        return 1
    server.start()
    print_welcome(server, sys.stdout, os.environ)
    await told.wait()
    end_within(4.0)
    await server.stop()
    return 0


def main() -> int:
    """Run until the process is told to end. 1: it can't listen."""
    args = _arguments().parse_args()
    set_up_logging(args.log_level)
    options = PanelOptions(
        skills_dir=args.skills_dir.expanduser().absolute(),
        bridge_port=args.bridge_port,
        host=args.host,
        port=args.port,
        auth=not args.no_auth,
        allowed_hosts=tuple(args.allow_host),
        media_bytes=args.media_cache_bytes,
    )
    return asyncio.run(_run(options))


if __name__ == "__main__":
    sys.exit(main())
