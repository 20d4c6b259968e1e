"""An installation's own upkeep: its tables brought up to date, its first administrator made from the command line."""

from engine.core.identity import User
from engine.runtime import Runtime, open_runtime
from engine.services import identity
from engine.settings import Settings
from engine.store import clock, workers
from engine.store.migrations import migrate


def open_migrated(settings: Settings) -> Runtime:
    """A runtime whose database has this version's tables.

    Raises:
        DatabaseNewer: the database was made by a later version.
    """
    rt = open_runtime(settings)
    try:
        migrate(rt.db)
    except BaseException:
        rt.close()
        raise
    return rt


def set_clock(rt: Runtime) -> None:
    """Before an installation's parts are started: as long as no worker is at work its clock may follow the wall's."""
    rt.clock.agree(rt.db)
    with rt.db.change() as hot:
        if not workers.has_any(hot, rt.now_us()):
            clock.forget(hot)


def set_password(rt: Runtime, name: str, password: str) -> User:
    """Give an account a new password; in an installation without accounts, make its administrator."""
    if identity.needs_setup(rt):
        token = identity.create_first_admin(rt, identity.make_setup_token(rt), name, password)
        user = identity.who(rt, token)
        identity.log_out(rt, token)
        if user is not None:
            return user
    return identity.reset_password(rt, name, password)
