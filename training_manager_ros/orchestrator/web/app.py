"""Which address is answered by what."""

from __future__ import annotations

import logging

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from training_manager_ros.orchestrator.objects.local import LocalObjects
from training_manager_ros.orchestrator.services import Services
from training_manager_ros.orchestrator.web.base import Missing
from training_manager_ros.orchestrator.web.objects import Objects
from training_manager_ros.orchestrator.web.runs import (
    AllRuns,
    Cancel,
    Decision,
    Metrics,
    OneRun,
    PresetList,
    RunLog,
    Runs,
)
from training_manager_ros.orchestrator.web.sign_in import Discovery, Root, Token
from training_manager_ros.orchestrator.web.skills import OneSkill, SkillFiles, Skills, Storage

__all__ = ["make_server"]

log = logging.getLogger("training_manager.orchestrator.access")

SKILL = r"([^/]+)"
RUN = r"/runs/(\d{1,15})"
LARGEST_CALL = 1 << 20  # bytes of a call's JSON; uploads have their own limit
BODY_PIECE = 1 << 18  # bytes of an upload handed on at once


def make_server(services: Services) -> HTTPServer:
    """The server, not listening yet."""
    arguments = {"services": services}
    rules: list[tuple[str, type[RequestHandler]]] = [
        (r"/", Root),
        (r"/\.well-known/openid-configuration", Discovery),
        (r"/token", Token),
        (r"/skills", Skills),
        (rf"/skills/{SKILL}", OneSkill),
        (rf"/skills/{SKILL}/files", SkillFiles),
        (rf"/skills/{SKILL}/runs", Runs),
        (rf"/skills/{SKILL}{RUN}", OneRun),
        (rf"/skills/{SKILL}{RUN}/cancel", Cancel),
        (rf"/skills/{SKILL}{RUN}/log", RunLog),
        (rf"/skills/{SKILL}{RUN}/metrics", Metrics),
        (rf"/storage/list/{SKILL}", Storage),
        (rf"/storage/list/{SKILL}/(\d{{1,15}})", Storage),
        (r"/runs", AllRuns),
        (r"/presets", PresetList),
    ]
    if services.settings.approval == "manual":
        rules.append((rf"/skills/{SKILL}{RUN}/(approve|reject)", Decision))
    if isinstance(services.objects, LocalObjects):
        rules.append((r"/objects/(.+)", Objects))
    application = Application(
        [(pattern, handler, arguments) for pattern, handler in rules],
        default_handler_class=Missing,
        default_handler_args=arguments,
        log_function=_log,
    )
    return HTTPServer(
        application,
        max_body_size=LARGEST_CALL,
        chunk_size=BODY_PIECE,
        max_buffer_size=4 * BODY_PIECE,
        idle_connection_timeout=300,
    )


def _log(handler: RequestHandler) -> None:
    request = handler.request
    level = logging.DEBUG if handler.get_status() < 400 else logging.INFO
    log.log(
        level,
        "%s %s %d %.0f ms",
        request.method,
        request.path,  # never the query: it holds the signatures of URLs
        handler.get_status(),
        1000 * request.request_time(),
    )
