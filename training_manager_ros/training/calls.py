"""One call to the training server: signed in, logged, repeated where that can help.

Every call is logged with method, path, status and milliseconds; never with a header, a body, a
query or an address.
"""

from __future__ import annotations

import logging
import time

import anyio
import httpx

from training_manager_ros.errors import NotFound, NotSignedIn, Refused, Unavailable
from training_manager_ros.training.call_log import log_call
from training_manager_ros.training.pauses import TRANSFER_PAUSES, Pauses, is_transient
from training_manager_ros.training.progress import WAITING
from training_manager_ros.training.settings import Settings
from training_manager_ros.training.signin import SignIn
from training_manager_ros.training.wording import detail_of, why

__all__ = ["AT_ONCE", "PATIENT", "QUICK", "Calls"]

log = logging.getLogger("training_manager.training")

QUICK = 3  # attempts while somebody waits for the answer
PATIENT = 10  # attempts inside long work
AT_ONCE = 8  # calls in flight at most
RENEWALS = 5  # tokens that one call may use up when others renew them at the same time
SERVER = "The training server"


class Calls:
    """Makes calls; knows no single one of them."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        settings: Settings,
        sign_in: SignIn,
        pauses: Pauses = TRANSFER_PAUSES,
    ) -> None:
        self._http = http
        self._server = settings.server_url
        self._sign_in = sign_in
        self._pauses = pauses
        self._places = anyio.CapacityLimiter(AT_ONCE)

    async def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: dict[str, str] | None = None,
        attempts: int = QUICK,
        repeatable: bool = True,
        signed: bool = True,
    ) -> httpx.Response:
        """The answer, read whole, with a status below 300.

        A call that is not `repeatable` is only tried again if it can't have arrived. Raises
        `Unavailable` after that many attempts, `NotFound` for 404, `NotSignedIn` for 401 and
        `Refused` for what else the server will not do.
        """
        failures = 0
        asked: float | None = None
        while True:
            try:
                answer = await self._signed(method, path, body, query, attempts, signed)
            except _NotNow as error:
                failures += 1
                asked = error.asked
                pause = self._pauses.after(failures, asked)
                if pause is None or failures >= attempts or (error.arrived and not repeatable):
                    raise Unavailable(str(error)) from None
                log.warning("%s Trying again in %.1f s.", error, pause)
                WAITING.get()(f"{error} Trying again.")
            else:
                if failures:
                    WAITING.get()("")
                return answer
            await anyio.sleep(pause)

    async def _signed(
        self,
        method: str,
        path: str,
        body: object,
        query: dict[str, str] | None,
        attempts: int,
        signed: bool,
    ) -> httpx.Response:
        renewed = False
        for _ in range(RENEWALS):
            token = await self._sign_in.bearer(attempts) if signed else ""
            response = await self._send(method, path, body, query, token)
            if response.status_code != 401 or not token:
                break
            if 'error="invalid_token"' not in response.headers.get("www-authenticate", ""):
                break
            if renewed:
                break
            # Only a token that this call itself replaced counts as the one renewal.
            renewed = self._sign_in.refuse(token)
        return self._accepted(response)

    async def _send(
        self,
        method: str,
        path: str,
        body: object,
        query: dict[str, str] | None,
        token: str,
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        started = time.monotonic()
        try:
            async with self._places:
                response = await self._http.request(
                    method, self._server + path, json=body, params=query, headers=headers
                )
        except httpx.TransportError as error:
            never_sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            log_call("%s %s: %s", method, path, why(error))
            raise _NotNow(f"{SERVER} {why(error)}.", arrived=not never_sent) from None
        took = (time.monotonic() - started) * 1e3
        log_call("%s %s %d %.0f ms", method, path, response.status_code, took)
        return response

    def _accepted(self, response: httpx.Response) -> httpx.Response:
        status = response.status_code
        if status < 300:
            return response
        detail = detail_of(response, self._sign_in.secrets)
        if is_transient(status):
            asked = response.headers.get("retry-after", "")
            raise _NotNow(
                f"{SERVER} answered {status}{detail}.",
                arrived=status not in (429, 503),
                asked=float(asked) if asked.isdecimal() else None,
            )
        if status == 401:
            raise NotSignedIn(
                f"{SERVER} does not accept the sign-in ({status}{detail}). "
                "Check the service key, and that key, issuer and server belong together.",
                status,
            )
        if status == 404:
            raise NotFound(f"{SERVER} does not know that (404{detail}).")
        if status < 400:
            raise Refused(
                f"{SERVER} sends its callers elsewhere ({status}), and the key is not sent there. "
                "Set the server's address to where it is.",
                status,
            )
        raise Refused(f"{SERVER} refused ({status}{detail}).", status)


class _NotNow(Exception):
    """A call that may work later."""

    def __init__(self, message: str, *, arrived: bool, asked: float | None = None) -> None:
        super().__init__(message)
        self.arrived = arrived  # the server may have acted on it
        self.asked = asked  # seconds that the server wants between attempts
