"""The addresses of the panel server and what answers them."""

from __future__ import annotations

from tornado.web import Application

from training_manager_ros.panel.gateway import Gateway
from training_manager_ros.panel.handlers import Panel, PanelHandler, UnknownPage, log_request
from training_manager_ros.panel.media import Frame, Signals, Thumbnail, VideoFile, VideoInfo
from training_manager_ros.panel.sign_in import SessionInfo, SignIn, SignOut
from training_manager_ros.panel.static_files import Index, StaticFile

__all__ = ["make_app"]

_LARGEST_FROM_BROWSER = 4 * 1024 * 1024  # bytes of one message

_NAME = r"([^/]+)"  # one path segment, percent-encoded
_NUMBER = r"([0-9]{1,9})"


def make_app(panel: Panel) -> Application:
    """The tornado application over what `panel` holds."""
    camera = f"/api/media/{_NAME}/{_NUMBER}/{_NAME}"
    routes: list[tuple[str, type[PanelHandler]]] = [
        ("/", Index),
        ("/sign-in", SignIn),
        ("/sign-out", SignOut),
        ("/rosbridge", Gateway),
        ("/api/session", SessionInfo),
        (f"/api/media/{_NAME}/{_NUMBER}/thumbnail\\.jpg", Thumbnail),
        (f"{camera}/info", VideoInfo),
        (f"{camera}/video\\.mp4", VideoFile),
        (f"{camera}/frame/{_NUMBER}\\.jpg", Frame),
        (f"/api/signals/{_NAME}/{_NUMBER}", Signals),
        (r"/(assets/[^/]+|[^/]+\.[a-z0-9]+)", StaticFile),
    ]
    shared = {"panel": panel}
    return Application(
        [(pattern, handler, shared) for pattern, handler in routes],
        default_handler_class=UnknownPage,
        default_handler_args=shared,
        log_function=log_request,
        websocket_max_message_size=_LARGEST_FROM_BROWSER,
    )
