"""What is printed at start: the addresses to open, with the pairing token, and a QR code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TextIO

from training_manager_ros.panel.addresses import network_addresses
from training_manager_ros.panel.server import PanelServer

__all__ = ["print_welcome", "qr_code", "welcome_addresses"]

_QUIET = 2  # modules of light around the code
_MOST_NETWORKS = 3


def welcome_addresses(server: PanelServer) -> list[tuple[str, str]]:
    """Label and address of each way to reach the panel."""
    query = f"/?token={server.pairing.token}" if server.pairing else "/"
    host = server.options.host
    if not server.everywhere:
        label = "Local" if host in ("localhost", "127.0.0.1", "::1") else "Network"
        shown = f"[{host}]" if ":" in host else host
        return [(label, f"http://{shown}:{server.port}{query}")]
    networks = network_addresses()[:_MOST_NETWORKS]
    return [
        ("Local", f"http://localhost:{server.port}{query}"),
        *(("Network", f"http://{address}:{server.port}{query}") for address in networks),
    ]


def print_welcome(server: PanelServer, out: TextIO, environment: Mapping[str, str]) -> None:
    """Print the addresses; the QR code is the first one that a phone can reach.

    The code comes first: the addresses stay in sight on a small terminal.
    """
    addresses = welcome_addresses(server)
    lines = [""]
    network = next((address for label, address in addresses if label == "Network"), None)
    if network is not None:
        lines += [*qr_code(network, out.isatty(), _takes_blocks(out, environment)), ""]
    lines += ["  Training Manager", ""]
    lines += [f"  {label + ':':<9}{address}" for label, address in addresses]
    if server.pairing:
        lines += ["", "  The address signs a browser in, once. Keep it to yourself."]
    else:
        lines += ["", "  !! No sign-in: everybody who reaches this port may do everything."]
    print("\n".join(lines), "", sep="\n", file=out, flush=True)


def _takes_blocks(out: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether block characters can be shown. Python writes UTF-8 even where the terminal's
    locale is plain C, and then names LC_CTYPE so itself.
    """
    locales = (
        environment.get("LC_ALL"),
        environment.get("LC_CTYPE", "").replace("C.UTF-8", ""),
        environment.get("LANG"),
    )
    locale = next(filter(None, locales), "")
    if "utf" not in locale.lower():
        return False
    try:
        "█▀▄".encode(out.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def qr_code(text: str, colours: bool, blocks: bool) -> list[str]:
    """The lines of a QR code for a terminal, dark on light with `colours`, whatever its theme.

    Without `blocks` (no Unicode) it is twice as large; without `colours` it expects light letters
    on dark ground, as most terminals have.
    """
    import segno

    code = segno.make_qr(text, error="l")
    rows = [[bool(bit) for bit in row] for row in code.matrix_iter(border=_QUIET)]
    lines = _half_blocks(rows) if blocks else _spaces(rows, colours)
    return [f"  \x1b[97;40m{line}\x1b[0m" if colours and blocks else f"  {line}" for line in lines]


def _half_blocks(rows: Sequence[Sequence[bool]]) -> list[str]:
    """Two rows a line; light is drawn, in the letters' colour."""
    glyphs = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    pairs = zip_longest(rows[::2], rows[1::2], fillvalue=[True] * len(rows[0]))
    return ["".join(glyphs[pair] for pair in zip(top, low, strict=True)) for top, low in pairs]


def _spaces(rows: Sequence[Sequence[bool]], colours: bool) -> list[str]:
    """Two columns a module, in plain ASCII."""
    dark, light = ("\x1b[40m  ", "\x1b[107m  ") if colours else ("  ", "##")
    end = "\x1b[0m" if colours else ""
    return ["".join(dark if bit else light for bit in row) + end for row in rows]
