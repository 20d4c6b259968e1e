"""What other people's programs call without an account: hooks and signal addresses. The address itself is the permission.

What they are told names neither room nor workflow; why something was refused stands in the hook's deliveries.
"""

from __future__ import annotations

import hashlib

from pydantic import JsonValue

from engine.core import signal_links, signing
from engine.core.document import Frozen
from engine.core.errors import IllegalTransition, InvalidInput, NotFound, OpenRoomsError
from engine.core.expressions import compile_template
from engine.core.hook import ALWAYS_SHOWN, Call, Delivery, Hook
from engine.core.payload import payload_of
from engine.core.rates import Rate
from engine.core.runview import Run
from engine.core.signal_links import BadLink
from engine.core.signing import BadSignature
from engine.hiding import HIDDEN, hidden_name
from engine.runner.starting import Wanted, begin, call
from engine.runtime import Runtime
from engine.services import control
from engine.services.control import Signal
from engine.services.sessions import SECOND_US, digest_of
from engine.store import hooks, runs
from engine.store.database import DatabaseDown, Hot

BY = "webhook"
CALLS = Rate(300, 60)
"""Of one hook or signal address."""
MAX_DELIVERY_ID = 100
IDS = (signing.DELIVERY, signing.GITHUB_DELIVERY, "Idempotency-Key", "Webhook-Id")


class RunIsOver(OpenRoomsError):
    code = "run_is_over"

    def __init__(self) -> None:
        super().__init__("What this address was for is over. Nothing was done.")


class TooManyCalls(OpenRoomsError):
    code = "too_many_attempts"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"{CALLS.times} calls in a minute are the most. Go on in {retry_after_s} s.")
        self.retry_after_s = retry_after_s

    @property
    def extra(self) -> dict[str, object]:
        return {"retry_after_s": self.retry_after_s}


class NotTaken(OpenRoomsError):
    """Why a call did nothing, without a word on the room; it may be sent again under the same delivery id."""

    def __init__(self, code: str) -> None:
        self.code = code if code in _TOLD else "not_ready"
        super().__init__(_TOLD[self.code])


_TOLD = {
    "room_busy": "It is busy. Nothing was done; send it again later.",
    "invalid_input": "What was sent does not fit what is expected here.",
    "illegal_transition": "Nothing waits for this now. Nothing was done.",
    "too_many_signals": "Too many of these wait to be read already. Send it again later.",
    "not_ready": "It is not ready for calls yet. Nothing was done.",
}


class Taken(Frozen):
    """`is_repeated`: the delivery came before, and nothing was done this time."""

    delivery_id: str
    run_id: str | None
    is_repeated: bool = False


def take(rt: Runtime, token: str, call: Call) -> Taken:
    """Do what the hook at this address is for, once for each delivery.

    Raises:
        NotFound: there is no hook that is on at this address.
        BadSignature, TooManyCalls, MalformedJson, UnknownMediaType, TooLarge, NotTaken
    """
    with rt.db.read() as session:
        found = hooks.by_token(session, digest_of(token))
        rt.vault.learn(session)
    if found is None:
        raise BadLink
    hook, rotation = found
    _count(rt, f"hook {hook.id}")
    delivery = Delivery(id=rt.new_id(), delivery_id=_delivery_id(rt, hook, call), at=rt.now_us())
    try:
        _check_signature(rt, hook, rotation, call)
        return _do(rt, hook, delivery, _given(hook, call))
    except (DatabaseDown, BadLink):
        raise
    except OpenRoomsError as error:
        told = delivery.model_copy(update={"code": error.code, "message": HIDDEN.text(str(error))})
        with rt.db.write() as session:
            hooks.refuse(session, hook.id, told)
        if isinstance(error, InvalidInput | NotFound | IllegalTransition) or not _is_the_callers(error):
            raise NotTaken(error.code) from None
        raise


def signal_url(
    rt: Runtime, run_id: str, signal: str, *, expires_us: int | None = None, number: str = ""
) -> str:
    """An address that sends this signal to this run once, with whatever is posted there as its payload.

    It starts with `OPENROOMS_PUBLIC_URL` where that is set, else it is the path alone.
    """
    until_us = rt.now_us() + signal_links.LIFE_US if expires_us is None else expires_us
    return rt.signal_url(run_id, number, signal, until_us)


def take_signal(rt: Runtime, token: str, call: Call) -> Run:
    """Send the signal that the address is for; sent again, it changes nothing.

    Raises:
        BadLink, LinkExpired, RunIsOver, TooManyCalls, MalformedJson, UnknownMediaType, TooLarge, NotTaken
    """
    link = signal_links.read(rt.secret_key, token, rt.now_us())
    _count(rt, f"link {digest_of(token)}")
    payload = payload_of(call.media_type, call.body)
    sent = Signal(name=link.signal, payload=payload, request_id=f"link:{digest_of(token)}")
    with rt.db.write() as session:
        run = runs.get(session, link.run_id)
        if run is None:
            raise BadLink
        standing = runs.live_run(session, run.room_id, lock=True)
        if standing is None or standing.run.id != run.id:
            raise RunIsOver
        try:
            control.leave(rt, session, standing, sent, by=BY)
        except (InvalidInput, NotFound, control.TooManySignals) as error:
            raise NotTaken(error.code) from None
    return control.rung(rt, standing)


def _do(rt: Runtime, hook: Hook, delivery: Delivery, given: JsonValue) -> Taken:
    try:
        return _do_once(rt, hook, delivery, given)
    except runs.Taken:
        return _do_once(rt, hook, delivery, given)


def _do_once(rt: Runtime, hook: Hook, delivery: Delivery, given: JsonValue) -> Taken:
    """The delivery is kept in the transaction of what it does."""
    standing, begun = None, None
    with rt.db.write() as session:
        if not hooks.accept(session, hook.id, delivery):
            first = hooks.accepted(session, hook.id, delivery.delivery_id)
            if first is None:
                raise BadLink
            return Taken(delivery_id=delivery.delivery_id, run_id=first.run_id, is_repeated=True)
        request_id = f"hook:{hook.id}:{delivery.delivery_id}"
        if hook.signal is not None:
            standing = runs.live_run(session, hook.room_id, lock=True)
            if standing is None:
                raise IllegalTransition("The room", "idle", "SIGNALLED", ["QUEUED by its next run"])
            sent = Signal(name=hook.signal, payload=given, request_id=request_id)
            control.leave(rt, session, standing, sent, by=BY)
            run_id = standing.run.id
            hooks.set_run(session, delivery, run_id)
        else:
            begun = _begin(rt, Hot.of(session), hook, delivery, Wanted(hook.id, given, request_id))
            run_id = begun.id if isinstance(begun, Run) else begun
    if standing is not None:
        control.rung(rt, standing)
    if begun is not None:
        call(rt, begun)
    return Taken(delivery_id=delivery.delivery_id, run_id=run_id)


def _begin(rt: Runtime, hot: Hot, hook: Hook, delivery: Delivery, wanted: Wanted) -> Run | str:
    wanted.cause["hook"] = hook.id
    begun = begin(rt, hot, hook.room_id, wanted)
    hooks.set_run(hot, delivery, begun.id if isinstance(begun, Run) else begun)
    return begun


def _given(hook: Hook, call: Call) -> JsonValue:
    """The run's input, or the signal's payload; secrets are masked before a mapping could take them apart."""
    shown = {*ALWAYS_SHOWN, *(name.lower() for name in hook.headers)}
    query: dict[str, JsonValue] = dict(call.query)
    scope: dict[str, JsonValue] = {
        "body": payload_of(call.media_type, call.body),
        "headers": {name: value for name, value in call.headers.items() if name in shown},
        "query": query,
    }
    scope = HIDDEN.plain(scope)
    if hook.mapping is not None:
        return compile_template(hook.mapping).evaluate(scope).value
    return scope["body"] if hook.signal is not None else scope


def _delivery_id(rt: Runtime, hook: Hook, call: Call) -> str:
    """What the caller calls this delivery; without a name, what is signed alike is the same one."""
    names = IDS[:1] if hook.signing == "openrooms" else IDS  # what is not signed could be new at each replay
    named = next((given for name in names if (given := call.headers.get(name.lower(), "").strip())), "")
    if named:
        is_plain = len(named) <= MAX_DELIVERY_ID and named.isprintable()
        return hidden_name(named) if is_plain else digest_of(named)
    if hook.signing == "none":
        return rt.new_id()
    signature = call.headers.get(_signature_header(hook), "")
    return hashlib.sha256(signature.encode() + call.body).hexdigest()


def _check_signature(rt: Runtime, hook: Hook, rotation: int, call: Call) -> None:
    if hook.signing == "none":
        return
    key = signing.key_of(rt.secret_key, f"hook {hook.id}", rotation)
    given = call.headers.get(_signature_header(hook))
    if given is None:
        raise BadSignature(f"there is no header {_signature_header(hook)}")
    if hook.signing == "github":
        signing.check_github(key, given, call.body)
        return
    delivery = call.headers.get(signing.DELIVERY.lower(), "")
    signing.check(key, given, delivery, call.body, rt.now_us() // SECOND_US)


def _signature_header(hook: Hook) -> str:
    return (signing.GITHUB_SIGNATURE if hook.signing == "github" else signing.SIGNATURE).lower()


def _is_the_callers(error: OpenRoomsError) -> bool:
    """Whether the error is about the call alone, so that its words may be told."""
    return error.code in {"bad_signature", "malformed_json", "unsupported_media_type", "too_large"}


def _count(rt: Runtime, what: str) -> None:
    if wait_s := rt.too_soon_s(CALLS, what):
        raise TooManyCalls(wait_s)
