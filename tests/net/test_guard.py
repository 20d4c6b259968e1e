"""What the guard says of URLs and addresses, without any network."""

import asyncio

import pytest

from engine.core.errors import InvalidInput
from engine.net import Call, Guard, Refused, fetch
from engine.net.fetching import fetch as fetch_by
from tests.net.observing import observed

LETS_THROUGH = """
http://example.com https://example.com:443/a?b=c#d http://example.com:8080 https://api.example.co.uk:8443/v1
http://93.184.216.34/ http://[2606:4700::1111]/ https://xn--bcher-kva.de https://bücher.de http://a_b.example.com
HTTP://EXAMPLE.COM http://1.1.1.1 http://168.63.129.15 http://100.63.255.255 http://100.128.0.0 http://172.15.255.255
http://172.32.0.0 http://192.0.1.0 http://198.17.255.255 http://198.20.0.0 http://223.255.255.255 http://11.0.0.0
http://[2001:200::1]/ http://[2003::1] http://[3ffe::1] http://4.example http://example.com/@x http://example.com/?u=a@b
""".split()  # noqa: SIM905

REFUSES = {
    "scheme": "ftp://example.com file:///etc/passwd gopher://example.com //example.com example.com javascript:alert(1)"
    " ws://example.com data:,x http:example.com http:/example.com",
    "userinfo": "http://a@example.com http://a:b@example.com http://@example.com http://example.com@127.0.0.1"
    " http://a%40b@example.com",
    "host": "http:///x http://example..com http://.example.com http://example.com. http://ex%61mple.com"
    " http://-example.com http://example-.com http://[::1%25eth0] http://[fe80::1%25lo]:80/ http://ex!ample.com",
    "numeric_host": "http://2130706433 http://0x7f000001 http://017700000001 http://127.1 http://127.0.1"
    " http://0x7f.0.0.1   http://127.0.0.0x1 http://1.2.3.4.5 "
    " http://example.1 http://1e1.0 http://0x ",
    "internal_name": "http://localhost http://LOCALHOST http://intranet http://redis http://a.localhost http://db.internal"
    " http://printer.local http://nas.lan http://router.home.arpa http://api.default.svc http://x.svc.cluster.local"
    " http://metadata.google.internal http://a.consul http://x.onion",
    "special_address": "http://127.0.0.1 http://127.255.255.254 http://0.0.0.0 http://0.1.2.3 http://10.0.0.1"
    " http://10.255.255.255 http://172.16.0.1 http://172.31.255.255 http://192.168.0.1 http://169.254.169.254"
    " http://169.254.170.2 http://168.63.129.16 http://100.64.0.1 http://100.100.100.200 http://100.127.255.255"
    " http://192.0.0.192 http://192.0.2.1 http://198.18.0.1 http://198.19.255.255 http://198.51.100.7"
    " http://203.0.113.9 http://192.88.99.1 http://224.0.0.1 http://239.1.1.1 http://240.0.0.1 http://255.255.255.255"
    " http://[::] http://[::1] http://[0:0:0:0:0:0:0:1] http://[::ffff:127.0.0.1] http://[::ffff:93.184.216.34]"
    " http://[::ffff:7f00:1] http://[::127.0.0.1] http://[::5db8:d822] http://[64:ff9b::7f00:1]"
    " http://[64:ff9b:1::1] http://[2002:7f00:1::] http://[2001::1] http://[2001:db8::1] http://[2001:10::1]"
    " http://[fc00::1] http://[fd00:ec2::254] http://[fd20:ce::254] http://[fe80::1] http://[fec0::1]"
    " http://[ff02::1] http://[100::1] http://[3fff::1] http://[5f00::1] http://[4000::1]",
    "port": "http://example.com:22 http://example.com:0 http://example.com:25 http://example.com:6379"
    " http://example.com:99999 http://93.184.216.34:81 https://example.com:0",
}
ODD = [
    "http://0177.0.0.1", "http://127.0.0.01", "http://256.1.1.1", "http://00.0.0.0",
    "http://exa mple.com", "http://example.com\\@127.0.0.1", "http://example.com\r\nHost: x", "http://example.com\t/",
    "http://example.com/\x00", " http://example.com", "http://example.com/\x7f", "http://①②⑦.0.0.1", "http://[::1",
    "http://[1.2.3.4]", "http://example.com:a", "http://ex\u00a0ample.com", "http://" + "a" * 9000,
]  # fmt: skip
ALL = [(rule, url) for rule, urls in REFUSES.items() for url in urls.split()] + [
    ("bad_url", url) for url in ODD
]


@pytest.mark.parametrize("url", LETS_THROUGH)
def test_public_addresses_are_let_through(url):
    assert Guard().vet_url(url).port in (80, 443, 8080, 8443)


def test_everything_else_is_refused_by_its_rule_and_nothing_is_looked_up_or_connected_to():
    async def all_of_them():
        for rule, url in ALL:
            with pytest.raises(Refused) as pure:
                Guard().vet_url(url)
            with pytest.raises(Refused) as called:
                await fetch(Guard(), Call("GET", url))
            assert (pure.value.rule, called.value.rule) == (rule, rule), url
            assert pure.value.code == "http_refused"
            assert not pure.value.retryable

    with observed() as seen:
        asyncio.run(all_of_them())

    assert seen.connects == []
    assert seen.lookups == []


SPECIAL = [url.partition("://")[2].strip("[]") for url in REFUSES["special_address"].split()]


@pytest.mark.parametrize("answers", [*([address] for address in SPECIAL), ["93.184.216.34", "10.0.0.1"],
                                     ["10.0.0.1", "93.184.216.34"], ["93.184.216.34", "::1"], ["fe80::1%eth0"],
                                     ["not an address"], ["2130706433"]])  # fmt: skip
def test_a_name_that_leads_inside_is_refused_though_only_one_of_its_addresses_does(answers):
    async def resolve(host, port):
        return answers

    with observed() as seen, pytest.raises(Refused) as refused:
        asyncio.run(_call(Guard(), "http://rebind.example.com/", resolve))

    assert refused.value.rule == "special_address"
    assert not any(address in str(refused.value) for address in answers)
    assert seen.connects == []


async def _call(guard, url, resolve):
    from engine.net.call import Caps

    return await fetch_by(guard, Call("GET", url), Caps(), 5, resolve)


def test_an_operator_opens_hosts_and_networks_but_never_metadata():
    guard = Guard.of("localhost, 10.0.0.0/8, 127.0.0.1, 0.0.0.0/0, ::/0, [::1]")

    assert guard.vet_url("http://localhost:3000").port == 3000
    assert guard.vet_url("http://10.1.2.3:9000")
    assert guard.vet_url("http://[::1]:9000")
    for url in ("http://169.254.169.254", "http://100.100.100.200", "http://168.63.129.16", "http://[fd00:ec2::254]",
                "http://[::ffff:10.0.0.1]", "http://0.0.0.0", "http://[fe80::1]"):  # fmt: skip
        with pytest.raises(Refused, match="special_address"):
            guard.vet_url(url)
    with pytest.raises(Refused, match="internal_name"):
        guard.vet_url("http://redis:3000")


def test_a_listed_host_must_still_lead_to_a_listed_network_or_to_the_public():
    guard = Guard.of("inside.lan,10.0.0.0/8")

    guard.vet_address("inside.lan", 80, "10.0.0.1")
    guard.vet_address("inside.lan", 80, "93.184.216.34")
    with pytest.raises(Refused, match="list its network too"):
        guard.vet_address("inside.lan", 80, "192.168.0.1")


@pytest.mark.parametrize(
    ("allow", "url", "leads_to", "rule"),
    [
        ("", "http://example.com/", None, "open_host"),
        ("", "http://93.184.216.34/", None, "open_host"),
        ("api.example.com", "http://example.com/", None, "open_host"),
        ("api.example.com", "http://api.example.com:3000/", "93.184.216.34", None),
        ("api.example.com", "http://api.example.com/", "10.0.0.1", "special_address"),
        ("10.0.0.0/8", "http://10.1.2.3:9000/", None, None),
        ("10.0.0.0/8", "http://93.184.216.34/", None, "open_host"),
        ("10.0.0.0/8", "http://db.example.com/", "10.0.0.1", None),
        ("10.0.0.0/8", "http://db.example.com/", "93.184.216.34", "open_host"),
        ("0.0.0.0/0", "http://169.254.169.254/", None, "special_address"),
    ],
)
def test_where_no_operator_and_no_drawing_names_the_host_the_public_is_shut_too(allow, url, leads_to, rule):
    guard = Guard.of(allow).closed()

    def go():
        target = guard.vet_url(url)
        if leads_to is not None:
            guard.vet_address(target.host, target.port, leads_to)

    if rule is None:
        go()
    else:
        with pytest.raises(Refused, match=rf"\(rule {rule}\)") as refused:
            go()
        assert (refused.value.code, refused.value.retryable) == ("http_refused", False)


@pytest.mark.parametrize(
    "entry", ["10.0.0.1/8", "http://localhost", "localhost:3000", "a b", "300.1.1.1", "*", "0x7f.1"]
)
def test_an_entry_that_means_nothing_is_named(entry):
    with pytest.raises(InvalidInput, match="OPENROOMS_HTTP_ALLOW"):
        Guard.of(f"example.com,{entry}")


def test_an_operators_base_url_opens_its_own_host_and_port_only():
    guard = Guard().trusting("http://ollama:11434/v1")

    assert guard.vet_url("http://ollama:11434/v1/chat")
    guard.vet_address("ollama", 11434, "172.18.0.2")
    for url in ("http://ollama:11435/", "http://ollama/", "http://redis:11434", "http://172.18.0.2:11434"):
        with pytest.raises(Refused):
            guard.vet_url(url)
    for metadata in ("169.254.169.254", "fe80::1", "0.0.0.0"):
        with pytest.raises(Refused):
            guard.vet_address("ollama", 11434, metadata)
