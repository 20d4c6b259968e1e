"""What may be reached: rules for addresses as text, decided without a network, and for what a name resolves to."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import ip_network
from typing import TYPE_CHECKING, NamedTuple

from engine.core.errors import InvalidInput
from engine.net.addresses import Network, is_never_opened, is_public, parsed
from engine.net.errors import Refused

if TYPE_CHECKING:
    import httpx2

PORTS = frozenset({80, 443, 8080, 8443})
DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_URL = 8192
INTERNAL = frozenset(
    [
        "localhost",
        "localdomain",
        "local",
        "internal",
        "intranet",
        "private",
        "corp",
        "home",
        "lan",
        "home.arpa",
        "svc",
        "consul",
        "test",
        "invalid",
        "onion",
    ]
)
"""Suffixes that no public name has."""

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_ODD = re.compile(r"[\x00-\x20\x7f-\xa0\\]")


class Target(NamedTuple):
    scheme: str
    host: str
    """Lower case, in the form that goes on the wire; an IPv6 address without brackets."""
    port: int


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets through to public addresses on the usual ports, and to what an operator has opened besides."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    trusted: frozenset[tuple[str, int]] = frozenset()
    """Host and port of base URLs that the operator has configured."""
    is_closed: bool = False
    """Whether the public internet is shut too, so that only what an operator has opened is let through."""

    @classmethod
    def of(cls, allow: str) -> Guard:
        """The guard by `OPENROOMS_HTTP_ALLOW`: hosts, addresses or CIDRs, separated by commas.

        A host that is listed may have an internal name and any port, but must still resolve into a listed network
        or to public addresses. A network that is listed opens its addresses, on any port when they are written
        as such.

        Raises:
            InvalidInput: an entry is none of these.
        """
        return _guard_of(allow)

    def trusting(self, base_url: str) -> Guard:
        """The guard for a client of a server that the operator's own configuration names.

        Host and port of `base_url` are let through wherever the name leads, metadata services and link-local
        excepted; everything else is as before.

        Raises:
            Refused: it is no http or https URL.
        """
        target = self._parsed(base_url)[0]
        return replace(self, trusted=self.trusted | {(target.host, target.port)})

    def closed(self) -> Guard:
        """The guard for a call whose host nobody has drawn or configured: it and where it redirects to must be listed."""
        return replace(self, is_closed=True)

    def vet_url(self, url: str) -> Target:
        """All that can be said without asking the network; what is said for a name says nothing of its addresses.

        Raises:
            Refused: with the rule that it breaks.
        """
        return self.vet(self._parsed(url)[0])

    def vet(self, target: Target) -> Target:
        """
        Raises:
            Refused
        """
        _, host, port = target
        if not 0 < port < 65_536:
            raise Refused("port", f"There is no port {port}.")
        if (host, port) in self.trusted:
            return target
        address = parsed(host)
        if address is not None:
            self.vet_address(host, port, host)
            is_opened = any(address in network for network in self.networks)
        else:
            _vet_name(host, is_listed=host in self.hosts)
            is_opened = host in self.hosts
            if self.is_closed and not is_opened and not self.networks:
                raise _not_listed(host)
        if port not in PORTS and not is_opened:
            ports = ", ".join(map(str, sorted(PORTS)))
            raise Refused("port", f"Port {port} of {host!r} may not be reached, only {ports}.")
        return target

    def vet_address(self, host: str, port: int, found: str) -> None:
        """
        Raises:
            Refused: `found`, an address of `host`, may not be connected to.
        """
        address = parsed(found)
        if address is None or is_never_opened(address):
            raise Refused("special_address", f"{host!r} leads to an address that is never let through.")
        if (host, port) in self.trusted or any(address in network for network in self.networks):
            return
        if self.is_closed and host not in self.hosts:
            raise _not_listed(host)
        if is_public(address):
            return
        more = " It is listed in OPENROOMS_HTTP_ALLOW: list its network too." if host in self.hosts else ""
        raise Refused("special_address", f"{host!r} does not lead to the public internet.{more}")

    def vet_hop(self, url: httpx2.URL) -> Target:
        """As `vet_url`, for a URL that has been read already.

        Raises:
            Refused
        """
        return self.vet(_target(url))

    def _parsed(self, text: str) -> tuple[Target, httpx2.URL]:
        url = read_url(text)
        return _target(url), url


def read_url(text: str) -> httpx2.URL:
    """The URL as it will be used for the call, so that nobody can read it otherwise than the guard did.

    Raises:
        Refused: it is none, or written in a way that others read differently.
    """
    import httpx2

    if len(text) > MAX_URL:
        raise Refused("bad_url", f"The URL is longer than {MAX_URL} characters.")
    if odd := _ODD.search(text):
        raise Refused(
            "bad_url", f"The URL holds {odd[0]!r} at character {odd.start() + 1}; encode or remove it."
        )
    scheme, slashes, rest = text.partition("://")
    if not slashes or scheme.lower() not in DEFAULT_PORTS:
        raise Refused("scheme", "The URL must begin with http:// or https://.")
    if "@" in re.split(r"[/?#]", rest, maxsplit=1)[0]:
        raise Refused("userinfo", "The URL holds a user or password before the host; use a header instead.")
    try:
        return httpx2.URL(text)
    except (httpx2.InvalidURL, UnicodeError, ValueError) as error:
        raise Refused("bad_url", f"The URL can't be read: {str(error)[:200]}.") from None


def _target(url: httpx2.URL) -> Target:
    if url.scheme not in DEFAULT_PORTS:
        raise Refused("scheme", "The URL must begin with http:// or https://.")
    if url.userinfo:
        raise Refused("userinfo", "The URL holds a user or password before the host; use a header instead.")
    port = DEFAULT_PORTS[url.scheme] if url.port is None else url.port  # 0 is a port, and refused as one
    return Target(url.scheme, url.raw_host.decode("ascii").lower(), port)


def _not_listed(host: str) -> Refused:
    return Refused(
        "open_host",
        f"A host that comes from a slot, and what it redirects to, must be named in OPENROOMS_HTTP_ALLOW; {host!r} is not.",
    )


def _vet_name(host: str, *, is_listed: bool) -> None:
    labels = host.split(".")
    if not host or len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused("host", f"{host[:100]!r} is no host name.")
    if _NUMBER.fullmatch(labels[-1]):
        raise Refused("numeric_host", f"{host!r} is a number in disguise; write addresses as 192.0.2.1.")
    if is_listed:
        return
    if len(labels) == 1:
        raise Refused("internal_name", f"{host!r} is a name without a domain.")
    if labels[-1] in INTERNAL or ".".join(labels[-2:]) in INTERNAL:
        raise Refused("internal_name", f"{host!r} is a name inside a network.")


@lru_cache(maxsize=16)
def _guard_of(allow: str) -> Guard:
    hosts: set[str] = set()
    networks: list[Network] = []
    for entry in filter(None, (part.strip().lower() for part in allow.split(","))):
        try:
            networks.append(ip_network(entry.strip("[]")))
            continue
        except ValueError:
            pass
        labels = entry.split(".")
        if not all(_LABEL.fullmatch(label) for label in labels) or _NUMBER.fullmatch(labels[-1]):
            raise InvalidInput(
                f"OPENROOMS_HTTP_ALLOW holds {entry!r}, which is no host, address or CIDR, as localhost or 10.0.0.0/8."
            )
        hosts.add(entry)
    return Guard(frozenset(hosts), tuple(networks))
