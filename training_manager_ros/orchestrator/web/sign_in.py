"""Who the server is, and the way from a service key to a token."""

from __future__ import annotations

from tornado.web import HTTPError

from training_manager_ros import __version__
from training_manager_ros.orchestrator.web.base import PlainHandler

__all__ = ["Discovery", "Root", "Token"]

FEATURES = ("cancel", "checksums", "delete_skill", "log", "metrics", "presets", "runs")


class Root(PlainHandler):
    """GET /"""

    def get(self) -> None:
        """Name, version and what is here beyond the contract."""
        manual = self.services.settings.approval == "manual"
        self.answer(
            {
                "name": "training-manager-orchestrator",
                "version": __version__,
                "contract": 1,
                "features": sorted([*FEATURES, *(["approve"] if manual else [])]),
            }
        )


class Discovery(PlainHandler):
    """GET /.well-known/openid-configuration"""

    def get(self) -> None:
        """Where tokens are made."""
        self.answer({"issuer": self.base, "token_endpoint": f"{self.base}/token"})


class Token(PlainHandler):
    """POST /token"""

    def post(self) -> None:
        """A token for a service key."""
        services = self.services
        kind, _, key = self.request.headers.get("Authorization", "").partition(" ")
        found = services.accounts.by_text(key.strip()) if kind.lower() == "bearer" else None
        if found is None:
            raise HTTPError(401, "The service key is wrong or was revoked.")
        self.answer({"token": services.tokens.issue(self.base, *found)})
