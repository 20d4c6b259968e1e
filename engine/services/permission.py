"""Who may do what: every use case asks here first, and a refusal leaves its mark in the audit log."""

from engine.core.errors import OpenRoomsError
from engine.core.identity import Role, User
from engine.runtime import Runtime
from engine.store import audit


class Forbidden(OpenRoomsError):
    code = "forbidden"

    def __init__(self, action: str, role: str, needed: str) -> None:
        super().__init__(
            f"Your role '{role}' may not {action}; it takes '{needed}'. Ask an administrator for that role."
        )


def require(rt: Runtime, user: User, needed: Role, action: str) -> None:
    """Refuse unless the user's role is enough; `action` is a phrase as in "publish a workflow".

    Raises:
        Forbidden: the role is too low.
    """
    if user.active and user.role.allows(needed):
        return
    note_denial(rt, user, action)
    raise Forbidden(action, user.role, needed)


def note_denial(rt: Runtime, user: User, action: str, **detail: str) -> None:
    """Write down that the user was refused; for who refuses before a service is asked."""
    with rt.db.write() as session:
        audit.append(session, rt.now_us(), user.id, "denied", action, **detail)
