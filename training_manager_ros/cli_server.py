"""Which training server a command talks to, and where the skill is there."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from training_manager_ros.errors import NotFound, NotSignedIn
from training_manager_ros.paths import server_settings_file

if TYPE_CHECKING:
    from training_manager_ros.training import Settings, TrainingClient

__all__ = ["client", "server_arguments", "skill_id_of", "soon", "use_server"]

_A_MOMENT = 2.0  # seconds


def server_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of every command that talks to the training server."""
    parser.add_argument(
        "-s", "--server", metavar="URL", help="training server; else TRAINING_SERVER_URL"
    )
    parser.add_argument(
        "-t",
        "--token",
        metavar="KEY",
        help="service key; better in INNATE_SERVICE_KEY, as other users can see options",
    )
    parser.add_argument(
        "--issuer", metavar="URL", help="sign-in service; else INNATE_AUTH_ISSUER_URL"
    )
    parser.add_argument(
        "--settings",
        type=Path,
        default=server_settings_file(),
        metavar="FILE",
        help="file with what neither option nor environment says (%(default)s)",
    )


def use_server(args: argparse.Namespace) -> Settings:
    """The server and the key by options, environment and file, in that order.

    They are put into this process's environment, where jobs look for them. Raises `InvalidInput`,
    and `NotSignedIn` where there is no key.
    """
    from training_manager_ros.training import load_settings

    settings = load_settings(args.server, args.token, args.issuer, file=args.settings)
    if settings.issuer_url and not settings.service_key:
        raise NotSignedIn(
            "There is no service key: put it into the environment as INNATE_SERVICE_KEY, or into "
            f"{args.settings}."
        )
    # What matters of the log is in the answer or in the error.
    logging.getLogger("training_manager").addHandler(logging.NullHandler())
    os.environ["TRAINING_SERVER_URL"] = settings.server_url
    os.environ["INNATE_AUTH_ISSUER_URL"] = settings.issuer_url
    os.environ["INNATE_SERVICE_KEY"] = settings.service_key
    return settings


def client(args: argparse.Namespace) -> TrainingClient:
    """A client of that server, to be closed."""
    from training_manager_ros.training import TrainingClient

    return TrainingClient(use_server(args))


@contextmanager
def soon(moment: float = _A_MOMENT) -> Iterator[None]:
    """Say after a moment (s) that the server is waited for, if what is asked takes so long."""
    words = "training-manager: Waiting for the training server …"
    timer = threading.Timer(moment, lambda: print(words, file=sys.stderr, flush=True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def skill_id_of(folder: Path) -> str:
    """The skill's id on the server; `NotFound` where it was never uploaded."""
    from training_manager_ros.training.skill_metadata import metadata_value
    from training_manager_ros.training.submit import known_skill_id

    skill_id = known_skill_id(folder, metadata_value(folder))
    if not skill_id:
        raise NotFound(f"{folder.name} is not on the training server; upload it first.")
    return skill_id
