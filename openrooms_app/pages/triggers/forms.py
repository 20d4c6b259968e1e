"""The forms that speak to the API themselves, so that no key or address of a webhook becomes state."""

from typing import Any, Final

import reflex as rx

from openrooms_app.tsx import tsx_module

_DONE: Final = rx.event.no_args_event_spec


class HookForm(rx.Component):
    library = tsx_module(__file__, "hook-form.tsx")
    tag = "HookForm"
    rooms: rx.Var[list[dict[str, str]]]
    signings: rx.Var[list[dict[str, str]]]
    hook: rx.Var[dict[str, Any]]
    """The one that is changed; {} makes a new one."""
    on_made: rx.EventHandler[_DONE]
    on_done: rx.EventHandler[_DONE]


class SubscriptionForm(rx.Component):
    library = tsx_module(__file__, "subscription-form.tsx")
    tag = "SubscriptionForm"
    rooms: rx.Var[list[dict[str, str]]]
    events: rx.Var[list[dict[str, str]]]
    subscription: rx.Var[dict[str, Any]]
    """The one that is changed; {} makes a new one."""
    on_made: rx.EventHandler[_DONE]
    on_done: rx.EventHandler[_DONE]


class Rotate(rx.Component):
    library = tsx_module(__file__, "rotate.tsx")
    tag = "Rotate"
    lib_dependencies: list[str] = ["lucide-react"]
    kind: rx.Var[str]
    """webhook or subscription"""
    id: rx.Var[str]
    on_done: rx.EventHandler[_DONE]


class ZoneInput(rx.Component):
    """`on_change` tells the zone a moment after it was typed; where `value` is empty, the browser's own at once."""

    library = tsx_module(__file__, "zone-input.tsx")
    tag = "ZoneInput"
    value: rx.Var[str]
    fault: rx.Var[str]
    on_change: rx.EventHandler[rx.event.passthrough_event_spec(str)]


class NextTimes(rx.Component):
    """`times` holds {at, there}: the moment, and what the zone's clocks show."""

    library = tsx_module(__file__, "next-times.tsx")
    tag = "NextTimes"
    times: rx.Var[list[dict[str, str]]]
    zone: rx.Var[str]
