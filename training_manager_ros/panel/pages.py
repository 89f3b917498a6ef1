"""The pages that the server makes itself: sign-in, and what is said when something is missing.

One self-contained answer each: style and script are allowed by their hashes, nothing else is.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape

__all__ = ["PAGE_POLICY", "message_page", "sign_in_page"]

_STYLE = """
:root { color-scheme: light dark; --ground: #f6f6f8; --card: #fff; --line: #e4e4e9; --edge: #c9c9d2;
  --text: #18181b; --quiet: #52525b; --accent: #4f46e5; --bad: #b91c1c; --bad-ground: #fdecec; }
@media (prefers-color-scheme: dark) { :root { --ground: #0c0c0f; --card: #131317; --line: #26262d;
  --edge: #3d3d47; --text: #ededf0; --quiet: #a6a6b0; --accent: #5b54e8; --bad: #fca5a5;
  --bad-ground: #3a1518; } }
* { box-sizing: border-box; margin: 0; }
body { min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 16px;
  background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 440px; padding: 32px; border: 1px solid var(--line);
  border-radius: 16px; background: var(--card); box-shadow: 0 8px 32px #0000000f; }
@media (max-width: 440px) { main { padding: 24px 20px; } }
svg { display: block; width: 44px; height: 44px; margin-bottom: 20px; }
h1 { font-size: 22px; line-height: 1.25; letter-spacing: -0.01em; margin-bottom: 8px; }
p { color: var(--quiet); }
form { margin: 24px 0 0; display: grid; gap: 8px; }
label { font-weight: 600; font-size: 14px; }
input { width: 100%; height: 48px; padding: 0 14px; border: 1px solid var(--edge);
  border-radius: 10px; background: var(--ground); color: inherit; font: 16px ui-monospace,
  "SF Mono", Menlo, Consolas, monospace; }
button { height: 48px; margin-top: 8px; border: 0; border-radius: 10px; background: var(--accent);
  color: #fff; font: 600 16px system-ui, sans-serif; cursor: pointer; }
button:hover { filter: brightness(1.08); }
input:focus-visible, button:focus-visible, summary:focus-visible { outline: 2px solid
  var(--accent); outline-offset: 2px; }
.bad { margin-top: 20px; padding: 10px 14px; border-radius: 10px; background: var(--bad-ground);
  color: var(--bad); }
section { margin-top: 24px; padding-top: 20px; border-top: 1px solid var(--line); font-size: 14px; }
h2 { font-size: 14px; margin-bottom: 6px; }
ul { padding-left: 18px; color: var(--quiet); display: grid; gap: 6px; }
code { display: block; margin-top: 4px; padding: 6px 10px; border-radius: 8px; color: var(--text);
  background: var(--ground); font: 12px/1.5 ui-monospace, Menlo, Consolas, monospace;
  overflow-wrap: anywhere; }
"""

# A link from another site opens without the strict cookie although the browser is signed in. Asking
# from this page finds out; then /sign-in leads on to the panel, and the browser keeps the part
# after "#", the place in the panel. The form keeps it as well.
_SCRIPT = """
fetch("/sign-in", { method: "HEAD", redirect: "manual" }).then((answer) => {
  if (answer.type === "opaqueredirect") location.replace("/sign-in" + location.hash);
}, () => undefined);
function here() {
  const address = new URL(location.href);
  if (address.pathname === "/sign-in") return document.querySelector("[name=next]").value;
  address.searchParams.delete("token");
  return address.pathname + address.search + address.hash;
}
document.querySelector("[name=next]").value = here();
"""

_ICON = (
    '<svg viewBox="0 0 44 44" aria-hidden="true"><rect width="44" height="44" rx="12" '
    'fill="#4f46e5"/><path d="M13 29V15l9 7-9 7Zm11 0h8v-3h-8v3Z" fill="#fff"/></svg>'
)
_FAVICON = (
    "data:image/svg+xml;base64,"
    + base64.b64encode(
        _ICON.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ').encode()
    ).decode()
)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


PAGE_POLICY = (
    f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}; img-src data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def _page(title: str, body: str, script: str = "") -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{escape(title)}</title>'
        f'<link rel="icon" href="{_FAVICON}"><style>{_STYLE}</style></head>'
        f"<body><main>{_ICON}{body}</main>"
        f"{'<script>' + script + '</script>' if script else ''}</body></html>"
    )


def sign_in_page(token_place: str, problem: str = "", go_on_to: str = "/") -> str:
    """The page for a browser without a session; the form leads on to the path `go_on_to`."""
    bad = f'<p class="bad" role="alert">{escape(problem)}</p>' if problem else ""
    body = f"""<h1>Sign in to Training Manager</h1>
<p>This browser is not paired with the robot yet. It takes one step, once.</p>{bad}
<form method="post" action="/sign-in">
<input type="hidden" name="next" value="{escape(go_on_to)}">
<label for="token">Pairing token</label>
<input id="token" name="token" required autofocus autocomplete="off" autocapitalize="none"
 autocorrect="off" spellcheck="false" maxlength="400">
<button type="submit">Sign in</button></form>
<section><h2>Where is it?</h2><ul>
<li>The terminal that started the panel shows an address and a QR code with the token in them: open
the address, scan the code, or paste the address here.</li>
<li>On the robot, as the user who started the panel: <code>cat {escape(token_place)}</code></li>
</ul></section>"""
    return _page("Sign in · Training Manager", body, _SCRIPT)


def message_page(title: str, *paragraphs: str) -> str:
    """A page that says something."""
    body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    return _page(f"{title} · Training Manager", f"<h1>{escape(title)}</h1>{body}")
