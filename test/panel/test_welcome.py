from __future__ import annotations

import io
import ipaddress
import re
import socket
from types import SimpleNamespace

import pytest

from training_manager_ros.panel.addresses import network_addresses
from training_manager_ros.panel.pairing import Pairing
from training_manager_ros.panel.welcome import print_welcome, qr_code, welcome_addresses

ADDRESS = "http://192.168.178.120:8080/?token=abcdefghijkmnpqrstuvwxyz23"


class Terminal(io.TextIOWrapper):
    def __init__(self, encoding: str, tty: bool) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, errors="strict")
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    def text(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)  # type: ignore[attr-defined]


def server(host: str = "", pairing: Pairing | None = None) -> SimpleNamespace:
    return SimpleNamespace(
        options=SimpleNamespace(host=host), everywhere=not host, port=8080, pairing=pairing
    )


PAIRED = Pairing("abcdefghijkmnpqrstuvwxyz23")


def modules(lines: list[str]) -> list[list[bool]]:
    """The modules of a code as printed, dark = True."""
    rows = []
    for line in lines:
        line = line[2:]
        if "\x1b[10" in line or "\x1b[40m  " in line:  # two columns a module, coloured
            cells = re.findall(r"\x1b\[(40|107)m  ", line)
            rows.append([cell == "40" for cell in cells])
        elif "#" in line or not line.strip():
            rows.append([line[at : at + 2] == "  " for at in range(0, len(line), 2)])
        else:
            line = re.sub(r"\x1b\[[0-9;]*m", "", line)
            rows.append([glyph in " ▄" for glyph in line])
            rows.append([glyph in " ▀" for glyph in line])
    return rows


def test_all_forms_are_the_same_code() -> None:
    segno = pytest.importorskip("segno")
    wanted = [
        [bool(bit) for bit in row]
        for row in segno.make_qr(ADDRESS, error="l").matrix_iter(border=2)
    ]
    for colours in (True, False):
        for blocks in (True, False):
            assert modules(qr_code(ADDRESS, colours, blocks))[: len(wanted)] == wanted


@pytest.mark.parametrize(
    ("encoding", "environment", "blocks"),
    [
        ("utf-8", {"LANG": "en_US.UTF-8"}, True),
        ("utf-8", {"LANG": "C.UTF-8"}, True),
        ("utf-8", {"LC_CTYPE": "de_DE.utf8"}, True),
        ("utf-8", {"LANG": "en_US.UTF-8", "LC_ALL": "C"}, False),
        ("utf-8", {"LC_CTYPE": "C.UTF-8"}, False),  # Python's own doing
        ("utf-8", {}, False),
        ("ascii", {"LANG": "en_US.UTF-8"}, False),
        ("iso-8859-1", {"LANG": "de_DE"}, False),
    ],
)
@pytest.mark.parametrize("tty", [True, False])
def test_every_terminal_gets_addresses_and_code(
    encoding: str, environment: dict[str, str], blocks: bool, tty: bool
) -> None:
    out = Terminal(encoding, tty)
    shown = server(host="192.168.178.120", pairing=PAIRED)
    print_welcome(shown, out, environment)  # type: ignore[arg-type]
    text = out.text()
    assert f"Network: {ADDRESS}" in text
    assert ("█" in text) is blocks
    assert ("\x1b[" in text) is tty
    if not blocks:
        assert text.isascii()
        assert ("##" in text) is not tty
    assert all(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) <= 80 for line in text.splitlines())


def test_local_and_network_addresses_carry_the_token() -> None:
    shown = welcome_addresses(server(pairing=PAIRED))  # type: ignore[arg-type]
    assert shown[0] == ("Local", "http://localhost:8080/?token=abcdefghijkmnpqrstuvwxyz23")
    assert [label for label, _ in shown[1:]] == ["Network"] * (len(shown) - 1)


def test_without_sign_in_there_is_no_token_but_a_warning() -> None:
    out = Terminal("utf-8", False)
    print_welcome(server(), out, {})  # type: ignore[arg-type]
    assert "token" not in out.text()
    assert "No sign-in" in out.text()


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080/"),
        ("localhost", "http://localhost:8080/"),
        ("::1", "http://[::1]:8080/"),
    ],
)
def test_loopback_alone_is_local_and_needs_no_code(host: str, address: str) -> None:
    out = Terminal("utf-8", False)
    print_welcome(server(host), out, {})  # type: ignore[arg-type]
    assert f"Local:   {address}\n" in out.text()
    assert "##" not in out.text()


def test_network_addresses_are_this_machines() -> None:
    for address in network_addresses():
        assert not ipaddress.ip_address(address).is_loopback
        with socket.socket() as probe:
            probe.bind((address, 0))
