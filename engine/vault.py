"""Secrets of the installation: opened for whoever uses one at that moment, and masked in this process from then on."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine import keyfile
from engine.core.catalogue import StepError
from engine.hiding import HIDDEN
from engine.sealing import BadMasterKey, Keyring, Unopened
from engine.settings import Settings
from engine.store import secrets
from engine.store.database import Database, Hot, Session

FILE = "master.key"
_learnt: set[str] = set()
"""Sealed texts of which this process masks the value."""


class SecretMissing(StepError):
    code = "secret_missing"

    def __init__(self, names: Iterable[str]) -> None:
        shown = ", ".join(repr(name) for name in sorted(names))
        super().__init__(
            f"There is no secret {shown} here. An administrator sets it: openrooms secrets set NAME.",
            retryable=False,
        )


@dataclass(frozen=True, slots=True)
class Vault:
    """Keeps nothing: keys and rows are read when they are needed, so that a rotation holds everywhere at once."""

    db: Database
    settings: Settings

    def reveal(self, names: Iterable[str]) -> dict[str, str]:
        """The values of these secrets.

        Raises:
            SecretMissing, Unopened
        """
        wanted = frozenset(names)
        found = self.find(wanted)
        if missing := wanted - found.keys():
            raise SecretMissing(missing)
        return found

    def find(self, names: Iterable[str]) -> dict[str, str]:
        """As `reveal`, for those that there are.

        Raises:
            Unopened
        """
        with self.db.read() as session:
            rows = secrets.sealed(session, names)
        if not rows:
            return {}
        keys = self.keyring()
        values = {name: keys.open(name, text) for name, text in rows.items()}
        HIDDEN.add(values.values())
        return values

    def learn(self, session: Session | Hot) -> None:
        """Mask every secret there is from now on, for what comes from outside may hold any of them.

        One that no key at hand opens is left out: no step gets its value either.
        """
        new = {text: name for name, text in secrets.sealed(session).items() if text not in _learnt}
        if not new:
            return
        values: dict[str, str] = {}
        with suppress(BadMasterKey):
            keys = self.keyring()
            for text, name in new.items():
                with suppress(Unopened):
                    values[text] = keys.open(name, text)
        HIDDEN.add(values.values())
        _learnt.update(values)

    def keyring(self) -> Keyring:
        """
        Raises:
            BadMasterKey
        """
        if given := self.settings.master_key.get_secret_value():
            return Keyring([key.strip() for key in given.split(",") if key.strip()])
        return Keyring(keyfile.kept(self._file))

    def renew_key(self) -> bool:
        """A new master key in the file; False where the environment gives the keys, which an operator renews there."""
        if self.settings.master_key.get_secret_value():
            return False
        keyfile.prepend(self._file, keyfile.new_key())
        return True

    @property
    def _file(self) -> Path:
        return self.settings.data_dir / FILE
