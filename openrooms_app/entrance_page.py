"""The pages before login as plain HTML: they need no script, no websocket and no built front end."""

import base64
import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from html import escape
from typing import Final

from engine.services.passwords import MAX_LENGTH, MIN_LENGTH
from openrooms_app import routes, theme

_SCRIPT: Final = (
    'try{const t=localStorage.getItem("theme");if(t==="dark"||t==="light")'
    "document.documentElement.className=t}catch{}"
    "let sent=false;const mark=is=>{sent=is;for(const form of document.forms)form.ariaBusy=is};"
    'addEventListener("submit",e=>{if(sent)return e.preventDefault();mark(true);setTimeout(mark,1e4,false)});'
    'addEventListener("pageshow",()=>mark(false))'
)
"""Follows what the user chose inside the app; without it the page follows the system. And sends a form once: who pressed
twice to set up was told that the link had been used. What was stopped, or is come back to, can be sent again."""

_STYLE: Final = """
@font-face{font-family:Inter;src:url(/fonts/inter-latin.woff2) format("woff2");font-weight:100 900;font-display:swap}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;min-height:100dvh;display:grid;place-items:center;padding:24px 16px;
background:var(--or-bg);color:var(--or-ink);font:14px/20px var(--or-sans)}
main{width:100%;max-width:376px}
.brand{display:flex;align-items:center;gap:10px;margin:0 0 20px;font-size:15px;font-weight:600}
.card{background:var(--or-panel);border:1px solid var(--or-line);border-radius:12px;padding:28px}
h1{margin:0 0 4px;font-size:20px;line-height:28px;font-weight:600;letter-spacing:-.01em}
.lead{margin:0 0 20px;color:var(--or-mute)}
form{display:grid;gap:16px}
form>div{display:grid;gap:6px}
label{font-size:13px;font-weight:500}
.hint{font-weight:400;font-size:12px;line-height:16px;color:var(--or-mute)}
input{width:100%;height:40px;padding:0 12px;border:1px solid var(--or-line-strong);border-radius:8px;
background:var(--or-bg);color:inherit;font:inherit;font-weight:400}
input[aria-invalid=true]{border-color:var(--or-fail)}
:focus-visible{outline:2px solid var(--or-accent-ink);outline-offset:1px}
button,.button{height:40px;border:0;border-radius:8px;background:var(--or-accent);color:var(--or-on-accent);
font:inherit;font-weight:600;cursor:pointer}
.button{display:grid;place-items:center;text-decoration:none}
button:hover,.button:hover{filter:brightness(1.08)}
[aria-busy=true] button{opacity:.6;cursor:progress}
.alert{display:flex;gap:10px;margin:0 0 16px;padding:10px 12px;border-radius:8px;font-size:13px;
color:var(--or-fail);background:color-mix(in srgb,var(--or-fail) 10%,transparent)}
h1+.alert{margin-top:12px}
.alert svg{flex:none;width:16px;height:16px;margin-top:2px}
a{color:var(--or-accent-ink)}
code{font:12px/18px var(--or-mono);background:var(--or-hover);padding:2px 6px;border-radius:4px;white-space:nowrap}
.foot{margin:16px 0 0;font-size:12px;color:var(--or-mute)}
"""

_ALERT_ICON: Final = (
    '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" '
    'aria-hidden="true"><circle cx="12" cy="12" r="10"/><path d="M12 7v6M12 16.5v.01"/></svg>'
)
_LOGO: Final = '<img src="/logo.svg" alt="" width="28" height="28">'


@dataclass(frozen=True)
class Field:
    """One labelled input of a form."""

    name: str
    label: str
    kind: str = "text"
    complete: str = "off"
    value: str = ""
    least: int = 0
    """How many letters it has to have."""
    hint: str = ""
    autofocus: bool = False


@dataclass(frozen=True)
class Form:
    """What a page asks for, and where it sends the answer."""

    action: str
    fields: tuple[Field, ...]
    button: str
    hidden: tuple[tuple[str, str], ...] = ()
    faulty: Collection[str] = ()
    """The fields that an error is about."""


def login_page(
    name: str = "", next_address: str = routes.HOME, error: str = "", faulty: Collection[str] = ()
) -> str:
    fields = (
        Field("name", "Name", complete="username", value=name, autofocus=not name),
        Field("password", "Password", "password", "current-password", autofocus=bool(name)),
    )
    form = Form(routes.LOGIN, fields, "Log in", (("next", next_address),), faulty)
    return _page("Log in", "Welcome back.", _form(form), error)


def setup_page(token: str, name: str = "", error: str = "", faulty: str = "") -> str:
    is_named = bool(name) and faulty != "name"
    fields = (
        Field("name", "Your name", complete="username", value=name, autofocus=not is_named),
        Field(
            "password",
            "Password",
            "password",
            "new-password",
            least=MIN_LENGTH,
            hint=f"At least {MIN_LENGTH} characters. A few words in a row are good.",
            autofocus=is_named,
        ),
        Field("again", "Password, once more", "password", "new-password"),
    )
    form = Form(routes.SETUP, fields, "Create administrator", (("token", token),), (faulty,))
    return _page("Set up OpenRooms", "Create the first administrator.", _form(form), error)


def setup_needs_link_page() -> str:
    lead = "This installation has no administrator yet."
    body = (
        "<p>Open the one-time link that <code>openrooms up</code> printed in the terminal. "
        "It is good for 15 minutes; restarting prints a new one.</p>"
    )
    return _page("Set up OpenRooms", lead, body)


def expired_link_page(error: str) -> str:
    body = (
        "<p>Stop OpenRooms in its terminal with <code>Ctrl+C</code>, then start it with <code>openrooms up</code> "
        "and open the link that it prints.</p>"
        '<p class="foot">Or make the administrator without a link: <code>openrooms set-password NAME</code> '
        "on the machine that runs OpenRooms.</p>"
    )
    return _page("This link can't be used", "", body, error)


def used_link_page(error: str) -> str:
    body = (
        f'<a class="button" href="{routes.LOGIN}">Log in</a>'
        '<p class="foot">A lost password is replaced by <code>openrooms set-password NAME</code> on the machine that runs '
        "OpenRooms. Further accounts are made by an administrator, in Settings.</p>"
    )
    return _page("This link was used", "", body, error)


def away_page() -> str:
    lead = "It does not answer at the moment. Runs wait for it and lose nothing."
    return _page(
        "The database can't be reached", lead, '<p class="foot">This page tries again by itself.</p>'
    )


def content_policy() -> str:
    """What these pages may load: their own style and script, the font, and a form to here."""
    digest = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; font-src 'self'; "
        "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def _page(title: str, lead: str, body: str, error: str = "") -> str:
    alert = f'<p class="alert" role="alert" id="error">{_ALERT_ICON}<span>{escape(error)}</span></p>'
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)} · OpenRooms</title>"
        '<link rel="icon" href="/logo.svg" type="image/svg+xml">'
        f"<script>{_SCRIPT}</script><style>{theme.stylesheet()}{_STYLE}</style></head>"
        f'<body><main><p class="brand">{_LOGO}<span>OpenRooms</span></p><div class="card">'
        f"<h1>{escape(title)}</h1>{f'<p class=lead>{escape(lead)}</p>' if lead else ''}"
        f"{alert if error else ''}{body}</div></main></body></html>"
    )


def _form(form: Form) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in form.hidden
    )
    fields = "".join(_field(field, field.name in form.faulty) for field in form.fields)
    return f'<form method="post" action="{form.action}">{hidden}{fields}<button>{escape(form.button)}</button></form>'


def _field(field: Field, is_faulty: bool) -> str:
    notes = ["error"] * is_faulty + [f"{field.name}-hint"] * bool(field.hint)
    said = (' aria-invalid="true"' * is_faulty) + (f' aria-describedby="{" ".join(notes)}"' if notes else "")
    hint = f'<span class="hint" id="{field.name}-hint">{escape(field.hint)}</span>' if field.hint else ""
    return (
        f'<div><label for="{field.name}">{escape(field.label)}</label><input id="{field.name}" name="{field.name}" '
        f'type="{field.kind}" required minlength="{field.least}" maxlength="{MAX_LENGTH}" '
        f'autocomplete="{field.complete}" autocapitalize="none" spellcheck="false" value="{escape(field.value)}"'
        f"{' autofocus' if field.autofocus else ''}{said}>{hint}</div>"
    )
