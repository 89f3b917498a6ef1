"""From a service key to a bearer token, kept fresh.

The sign-in service is asked at the first call, never before. Of what it says about itself only
the path of the token endpoint counts, behind the address that was configured: the document may
advertise an internal host, and the key must go nowhere else.
"""

from __future__ import annotations

import base64
import binascii
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import anyio
import httpx

from training_manager_ros.errors import NotSignedIn, TrainingManagerError, Unavailable
from training_manager_ros.training.call_log import log_call
from training_manager_ros.training.pauses import SIGN_IN_PAUSES, Pauses, is_transient
from training_manager_ros.training.progress import WAITING
from training_manager_ros.training.reading import number, parse_json
from training_manager_ros.training.settings import Settings
from training_manager_ros.training.wording import detail_of, why

__all__ = ["NO_KEY", "SignIn", "endpoint_behind", "lifetime"]

log = logging.getLogger("training_manager.training")

DISCOVERY = "/.well-known/openid-configuration"
SERVICE = "The sign-in service"
NO_KEY = (
    "There is no service key: give it by --token, in INNATE_SERVICE_KEY or in the settings file."
)


@dataclass(frozen=True)
class _Token:
    value: str
    renew_at: float  # by the clock given; infinity where the token does not tell its life
    ends_at: float


def endpoint_behind(issuer: str, advertised: str) -> str:
    """The token endpoint: the path that is advertised, behind the issuer's own address."""
    path = urlsplit(advertised).path
    if not path.startswith("/"):
        path = "/" + path
    parts = urlsplit(issuer)
    prefix = parts.path.rstrip("/")
    if prefix and not path.startswith(prefix + "/"):
        path = prefix + path
    return f"{parts.scheme}://{parts.netloc}{path}"


def lifetime(token: str) -> float | None:
    """Seconds that a JWT lives (exp - iat); None where it does not tell."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = parse_json(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return None
    if not isinstance(claims, dict):
        return None
    issued, expires = number(claims.get("iat")), number(claims.get("exp"))
    if issued is None or expires is None or expires <= issued:
        return None
    return expires - issued


class SignIn:
    """Gives the bearer token for a call; renews it at half of its life or when it is refused."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        settings: Settings,
        pauses: Pauses = SIGN_IN_PAUSES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._settings = settings
        self._pauses = pauses
        self._clock = clock
        self._busy = anyio.Lock()
        self._endpoint = ""
        self._token: _Token | None = None
        self.problem = ""  # why the last sign-in failed; "" if it did not

    @property
    def signed_in(self) -> bool:
        """Whether there is a token that was not refused."""
        return self._token is not None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must appear in no message."""
        token = (self._token.value,) if self._token is not None else ()
        return (self._settings.service_key, *token)

    async def bearer(self, attempts: int) -> str:
        """The token to send; "" where the server needs none.

        Raises `NotSignedIn` if there is no key or it is refused, `Unavailable` if the service did
        not answer that many times.
        """
        if not self._settings.issuer_url:
            return self._settings.service_key
        if not self._settings.service_key:
            self.problem = NO_KEY
            raise NotSignedIn(NO_KEY)
        async with self._busy:
            token = self._token
            now = self._clock()
            if token is not None and now < token.renew_at:
                return token.value
            try:
                self._token = await self._exchange(1 if token is not None else attempts)
            except TrainingManagerError as error:
                self.problem = str(error)
                if isinstance(error, Unavailable) and token is not None and now < token.ends_at:
                    # The old token is good still, so nobody has to wait.
                    later = now + self._pauses.most
                    self._token = _Token(token.value, min(later, token.ends_at), token.ends_at)
                    return token.value
                raise
            self.problem = ""
            return self._token.value

    def refuse(self, token: str) -> bool:
        """Forget a token that the server refused; False if it was replaced already."""
        if self._token is None or self._token.value != token:
            return False
        self._token = None
        return True

    async def _exchange(self, attempts: int) -> _Token:
        if not self._endpoint:
            url = self._settings.issuer_url + DISCOVERY
            advertised = (await self._ask("GET", url, {}, attempts)).get("token_endpoint")
            if not isinstance(advertised, str) or not urlsplit(advertised).path.strip("/"):
                raise Unavailable(f"{SERVICE} does not tell where it gives out tokens.")
            self._endpoint = endpoint_behind(self._settings.issuer_url, advertised)
        key = {"Authorization": f"Bearer {self._settings.service_key}"}
        asked_at = self._clock()
        value = (await self._ask("POST", self._endpoint, key, attempts)).get("token")
        if not isinstance(value, str) or not value or not all("!" <= c <= "~" for c in value):
            raise Unavailable(f"{SERVICE}'s answer holds no token.")
        life = lifetime(value)
        if life is None:
            return _Token(value, float("inf"), float("inf"))
        return _Token(value, asked_at + life / 2, asked_at + life)

    async def _ask(
        self, method: str, url: str, headers: dict[str, str], attempts: int
    ) -> dict[str, object]:
        """The answer as an object, after as many attempts as are allowed."""
        failures = 0
        while True:
            try:
                answer = await self._ask_once(method, url, headers)
            except Unavailable as error:
                failures += 1
                pause = self._pauses.after(failures)
                if pause is None or failures >= attempts:
                    raise
                log.warning("%s Trying again in %.1f s.", error, pause)
                WAITING.get()(f"{error} Trying again.")
                await anyio.sleep(pause)
            else:
                if failures:
                    WAITING.get()("")
                return answer

    async def _ask_once(self, method: str, url: str, headers: dict[str, str]) -> dict[str, object]:
        started = time.monotonic()
        path = urlsplit(url).path
        try:
            response = await self._http.request(method, url, headers=headers)
        except httpx.TransportError as error:
            log_call("%s %s: %s", method, path, why(error))
            raise Unavailable(f"{SERVICE} {why(error)}.") from None
        status = response.status_code
        log_call("%s %s %d %.0f ms", method, path, status, (time.monotonic() - started) * 1e3)
        detail = detail_of(response, self.secrets)
        if is_transient(status):
            raise Unavailable(f"{SERVICE} answered {status}{detail}.")
        if status in (401, 403):
            raise NotSignedIn(
                f"{SERVICE} does not accept the service key ({status}{detail}). "
                "Check INNATE_SERVICE_KEY and the issuer's address.",
                status,
            )
        if status >= 300:
            raise NotSignedIn(
                f"{SERVICE} answered {status}{detail}. Check the issuer's address.", status
            )
        try:
            answer = parse_json(response.content)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise Unavailable(f"{SERVICE}'s answer is none; is a sign-in page in between?")
        return answer
