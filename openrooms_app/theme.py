"""Every colour of the product, dark and light, by name; nothing else in the app holds a colour value.

Use the names as Tailwind classes (`bg-panel text-mute border-line`), or in CSS and TypeScript as
variables (`var(--or-panel)`). A state's colour is used for that state alone; `accent` is for what can
be acted on and for focus. `tint()` makes the quiet background that goes with a colour.
"""

from reflex_base.plugins.shared_tailwind import TailwindConfig

COLORS: dict[str, tuple[str, str]] = {  # light, dark
    "bg": ("#f5f6f8", "#0c0e12"),
    "panel": ("#ffffff", "#13161b"),
    "raised": ("#ffffff", "#1a1e25"),
    "hover": ("#eceef2", "#20252d"),
    "line": ("#e0e3e8", "#262b34"),
    "line-strong": ("#868d99", "#626b7a"),
    "ink": ("#171a20", "#e8eaee"),
    "mute": ("#5b6370", "#9ba3b1"),
    "accent": ("#4f4bd1", "#5f5be0"),
    "on-accent": ("#ffffff", "#ffffff"),
    "accent-ink": ("#4541c4", "#aba8fc"),
    "idle": ("#5b6370", "#9ba3b1"),
    "queued": ("#3d6480", "#8fb4cc"),
    "run": ("#0a66c2", "#66b2ff"),
    "pause": ("#8a3f9e", "#d3a1e3"),
    "wait": ("#8a5600", "#f0b849"),
    "ok": ("#18794e", "#55cf97"),
    "fail": ("#c4282d", "#ff8b8b"),
}

STATES: dict[str, str] = {
    "IDLE": "idle",
    "QUEUED": "queued",
    "RUNNING": "run",
    "PAUSED": "pause",
    "WAITING": "wait",
    "COMPLETED": "ok",
    "FAILED": "fail",
    "CANCELLED": "idle",
}

SANS = '"Inter", ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif'
MONO = 'ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace'


def color(name: str) -> str:
    """The CSS value of a colour, as in `style={"color": color("mute")}`; KeyError for a name not here."""
    COLORS[name]
    return f"var(--or-{name})"


def tint(name: str, percent: int = 13) -> str:
    """A quiet background of that colour, the same on every surface: on a marked row too its words can be read."""
    return f"color-mix(in srgb, {color(name)} {percent}%, {color('panel')})"


def stylesheet() -> str:
    """The CSS variables: light unless the page has class `dark`, or has no class and the system is dark."""
    light = "".join(f"--or-{name}:{pair[0]};" for name, pair in COLORS.items())
    dark = "".join(f"--or-{name}:{pair[1]};" for name, pair in COLORS.items())
    fonts = f"--or-sans:{SANS};--or-mono:{MONO};"
    return (
        f":root{{{fonts}{light}color-scheme:light}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not(.light){{{dark}color-scheme:dark}}}}\n"
        f":root.dark{{{dark}color-scheme:dark}}\n"
    )


def tailwind() -> TailwindConfig:
    """The names of this module for Tailwind: `text-ink`, `bg-run/10`, `font-mono`, `text-xs`."""
    sizes = {
        "2xs": ("11px", "16px"),
        "xs": ("12px", "16px"),
        "sm": ("13px", "20px"),
        "base": ("14px", "20px"),
    }
    return {
        "theme": {
            "extend": {
                "colors": {name: f"var(--or-{name})" for name in COLORS},
                "fontFamily": {"sans": "var(--or-sans)", "mono": "var(--or-mono)"},
                "fontSize": {name: [size, line] for name, (size, line) in sizes.items()},
            }
        }
    }
