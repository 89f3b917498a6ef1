"""Signing in with the pairing token, by link or by form, and signing out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from urllib.parse import urlencode

from training_manager_ros import __version__
from training_manager_ros.panel.access import Access, TooManyGuesses, WrongToken
from training_manager_ros.panel.handlers import PanelHandler, client_address
from training_manager_ros.panel.pages import PAGE_POLICY, sign_in_page
from training_manager_ros.panel.sessions import KEPT_FOR

__all__ = ["SessionInfo", "SignIn", "SignOut", "SigningIn"]

_OLD_LINK = "This address has an old or mistyped token. Enter the current one."
_WRONG = "This is not the token. Check it against the terminal, or paste it."


def _safe_path(path: str) -> str:
    """A path of this server to go on to; "/" for everything that could lead elsewhere."""
    inside = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if inside and path.isprintable() else "/"


class SigningIn(PanelHandler):
    """A handler that can sign a browser in."""

    open_to_all = True

    def show_sign_in(self, problem: str = "", status: int = 200, go_on_to: str = "/") -> None:
        """Answer with the sign-in page."""
        self.set_status(status)
        self.set_header("Content-Security-Policy", PAGE_POLICY)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(sign_in_page(self.panel.token_place, problem, go_on_to))

    def set_session_cookie(self, access: Access, session_id: str) -> None:
        """Give the browser its session. Not `Secure`: the panel is on plain HTTP."""
        self.set_cookie(
            access.cookie,
            session_id,
            path="/",
            max_age=KEPT_FOR,
            httponly=True,
            samesite="Strict",
        )

    def keep_signed_in(self) -> None:
        """Let the cookie of a browser that is used last as long as its session."""
        access = self.panel.access
        session_id = self.get_cookie(access.cookie) if access else None
        if access and session_id:
            self.set_session_cookie(access, session_id)

    def sign_in(self, access: Access, token: str, go_on_to: str, wrong: str) -> None:
        """Trade a token for the cookie and go on, or say what is wrong."""
        go_on_to = _safe_path(go_on_to)
        try:
            session_id = access.sign_in(token, client_address(self.request))
        except WrongToken:
            self.show_sign_in(wrong, 401, go_on_to)
        except TooManyGuesses as error:
            seconds = math.ceil(error.seconds)
            self.set_header("Retry-After", str(seconds))
            self.show_sign_in(f"Too many wrong tokens. Try again in {seconds} s.", 429, go_on_to)
        else:
            self.set_session_cookie(access, session_id)
            self.redirect(go_on_to, status=303)

    def take_token_from_address(self) -> bool:
        """Use the token of a pairing link, and lead on to the address without it."""
        token = self.get_query_argument("token", None)
        if token is None:
            return False
        access = self.panel.access
        clean = self.address_without_token()
        if self.session is not None or access is None:
            self.redirect(clean, status=303)
        else:
            self.sign_in(access, token, clean, _OLD_LINK)
        return True

    def address_without_token(self) -> str:
        """The path and query of this request, less the token."""
        arguments: Mapping[str, list[bytes]] = self.request.query_arguments
        kept = {name: values for name, values in arguments.items() if name != "token"}
        query = urlencode(kept, doseq=True)
        return _safe_path(f"{self.request.path}?{query}" if query else self.request.path)


class SignIn(SigningIn):
    """GET: the sign-in page, or on to the panel. POST: the form."""

    def get(self) -> None:
        """Show the form; a browser that is signed in goes on."""
        if self.session is None:
            self.show_sign_in()
        else:
            self.redirect("/", status=303)

    head = get

    def post(self) -> None:
        """Take the form."""
        go_on_to = self.get_body_argument("next", "/")
        access = self.panel.access
        if access is None:
            self.redirect(_safe_path(go_on_to), status=303)
        else:
            self.sign_in(access, self.get_body_argument("token", ""), go_on_to, _WRONG)


class SignOut(PanelHandler):
    """Ends the session of this browser, in all its tabs."""

    def post(self) -> None:
        """Sign out."""
        access = self.panel.access
        if access is not None and self.session is not None:
            self.panel.end_session(self.session)
            self.clear_cookie(access.cookie)
        self.redirect("/", status=303)


class SessionInfo(PanelHandler):
    """What the panel has to know about the server."""

    def get(self) -> None:
        """Answer with version, skills folder and whether there is a sign-in."""
        self.write_json(
            {
                "version": __version__,
                "skills_dir": str(self.panel.skills_dir),
                "auth": self.panel.access is not None,
            }
        )
