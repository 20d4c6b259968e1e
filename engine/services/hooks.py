"""Addresses for other people's programs, which need no account: what is sent there starts a run or reaches a WAIT."""

from __future__ import annotations

from pydantic import JsonValue

from engine.core import signal_links
from engine.core.errors import OpenRoomsError
from engine.core.payload import payload_of
from engine.core.runview import Run
from engine.core.signal_links import BadLink, Link
from engine.runtime import Runtime
from engine.services import control
from engine.services.control import Signal
from engine.services.sessions import digest_of
from engine.store import runs

__all__ = ["RunIsOver", "payload_of", "signal_url", "take_signal"]

BY = "webhook"


class RunIsOver(OpenRoomsError):
    code = "run_is_over"

    def __init__(self) -> None:
        super().__init__("What this address was for is over. Nothing was done.")


def signal_url(
    rt: Runtime, run_id: str, signal: str, *, expires_us: int | None = None, number: str = ""
) -> str:
    """An address that sends this signal to this run once, with whatever is posted there as its payload.

    It starts with `OPENROOMS_PUBLIC_URL` where that is set, else it is the path alone.
    """
    until_us = rt.now_us() + signal_links.LIFE_US if expires_us is None else expires_us
    path = signal_links.path_of(rt.secret_key, Link(run_id, signal, until_us, number))
    return rt.settings.public_url.rstrip("/") + path


def take_signal(rt: Runtime, token: str, payload: JsonValue) -> Run:
    """Send the signal that the address is for; sent again, it changes nothing.

    Raises:
        BadLink, LinkExpired, RunIsOver, InvalidInput, TooManySignals
    """
    link = signal_links.read(rt.secret_key, token, rt.now_us())
    sent = Signal(name=link.signal, payload=payload, request_id=f"link:{digest_of(token)}")
    with rt.db.write() as session:
        run = runs.get(session, link.run_id)
        if run is None:
            raise BadLink
        standing = runs.live_run(session, run.room_id, lock=True)
        if standing is None or standing.run.id != run.id:
            raise RunIsOver
        control.leave(rt, session, standing, sent, by=BY)
    return control.rung(rt, standing)
