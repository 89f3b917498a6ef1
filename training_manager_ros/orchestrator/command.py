"""`training-manager orchestrator`: the server, and the service keys of those who may use it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from training_manager_ros.paths import state_dir

if TYPE_CHECKING:
    from training_manager_ros.orchestrator.accounts import Accounts
    from training_manager_ros.orchestrator.engines import Engine
    from training_manager_ros.orchestrator.services import DataFolder

__all__ = ["add_arguments", "run"]

# The server's own modules are imported once it runs, so that other commands start at once.


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options and sub-commands to its parser."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8090, help="port, 0: any free (%(default)s)")
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=state_dir() / "orchestrator",
        help="where everything is kept (%(default)s)",
    )
    parser.add_argument(
        "--no-auth", action="store_true", help="nobody signs in; on a loopback address only"
    )
    parser.add_argument(
        "--engine", choices=("local", "ray"), default="local", help="what runs are carried out by"
    )
    parser.add_argument(
        "--local-key",
        type=Path,
        metavar="FILE",
        help="keep address and a service key for clients on this machine in FILE (mode 0600)",
    )
    commands = parser.add_subparsers(dest="orchestrator_command", metavar="keys")
    keys = commands.add_parser("keys", help="service keys: create, list, revoke")
    actions = keys.add_subparsers(dest="keys_command", required=True)
    create = actions.add_parser("create", help="make a key; it is shown this once")
    create.add_argument("owner", help="whose it is; owners see only what is their own")
    create.add_argument("--note", default="", help="what it is for")
    listing = actions.add_parser("list", help="all keys, without their text")
    listing.add_argument("--json", action="store_true", help="as JSON")
    revoke = actions.add_parser("revoke", help="end a key at once")
    revoke.add_argument("key_id", help="its id, as `keys list` shows it")


def run(args: argparse.Namespace) -> int:
    """Carry the command out; the exit code. Raises a `TrainingManagerError` where it can't."""
    return _keys(args) if args.orchestrator_command == "keys" else _serve(args)


def _serve(args: argparse.Namespace) -> int:
    from training_manager_ros.orchestrator.server import ServerOptions, is_loopback, serve

    if not logging.getLogger().handlers:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    options = ServerOptions(args.host, args.port, args.data_dir, not args.no_auth, args.local_key)

    def ready(address: str) -> None:
        print(f"training server on {address}", flush=True)
        print(f"data in {args.data_dir}", flush=True)
        if not is_loopback(args.host):
            print("It speaks plain HTTP: put it behind a proxy with TLS, see the docs.", flush=True)

    asyncio.run(serve(options, lambda folder: _engine(args.engine, folder), ready))
    return 0


def _engine(name: str, folder: DataFolder) -> Engine:
    if name == "ray":
        from training_manager_ros.orchestrator.engines.ray import RayEngine

        return RayEngine(folder.settings().ray, folder.identity)
    from training_manager_ros.orchestrator.engines.local import LocalEngine

    return LocalEngine()


def _keys(args: argparse.Namespace) -> int:
    with _accounts(args.data_dir) as accounts:
        if args.keys_command == "create":
            key, text = accounts.create(args.owner, args.note)
            print(text)
            print(f"key {key.key_id} of {key.owner}; it is not shown again", file=sys.stderr)
        elif args.keys_command == "revoke":
            accounts.revoke(args.key_id)
        elif args.json:
            print(json.dumps([vars(key) for key in accounts.listed()]))
        else:
            for key in accounts.listed():
                state = f"revoked {key.revoked_at[:16]}" if key.revoked_at else "valid"
                print(f"{key.key_id}  {key.created_at[:16]}  {state:24}  {key.owner}  {key.note}")
    return 0


@contextlib.contextmanager
def _accounts(data_dir: Path) -> Iterator[Accounts]:
    from training_manager_ros.orchestrator.accounts import Accounts
    from training_manager_ros.orchestrator.services import DataFolder

    database = DataFolder(data_dir).database()
    try:
        yield Accounts(database, time.time)
    finally:
        database.close()
