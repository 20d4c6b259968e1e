"""Calls against real servers on loopback, with every connect of the process observed."""

import asyncio
import gzip
import ssl
import tracemalloc
import zlib

import pytest

from engine.net import Call, Caps, Guard, Refused, TooLarge, TooSlow, Unreachable, client
from engine.net.fetching import fetch
from tests.net.observing import a_certificate, a_server, answer, observed

OPEN = Guard.of("127.0.0.1,one.test,two.test")
CAPS = Caps()
SECRET = (
    ("Authorization", "Bearer t"),
    ("Cookie", "c=t"),
    ("X-Api-Key", "t"),
    ("Idempotency-Key", "k"),
    ("Accept", "a/b"),
)


async def loopback(host, port):
    return ["127.0.0.1"]


async def call(url, method="GET", *, headers=(), body=b"", deadline_s=5, resolve=loopback):
    return await fetch(OPEN, Call(method, url, tuple(headers), body), CAPS, deadline_s, resolve)


def says(*parts, **by_path):
    """A server's talk: by path, or the same to everybody."""

    async def talk(path, writer):
        writer.write(by_path.get(path.strip("/").split("?")[0], b"".join(parts)))

    return talk


def against(talk, scenario):
    async def all_of_it():
        async with a_server(talk) as server:
            return await scenario(server)

    return asyncio.run(all_of_it())


def test_a_name_is_looked_up_once_and_what_was_vetted_is_what_is_connected_to():
    answers = [["127.0.0.1"], ["127.0.0.3"]]
    asked = []

    async def rebinding(host, port):
        asked.append(host)
        return answers.pop(0)

    async def scenario(server):
        got = await call(f"http://one.test:{server.port}/x", resolve=rebinding)
        return server, got

    with observed() as seen:
        server, got = against(says(answer(b"hi", X_A="1")), scenario)

    assert (got.status, got.body, dict(got.headers)["x-a"], got.redirects) == (200, b"hi", "1", 0)
    assert asked == ["one.test"]
    assert seen.connects == [("127.0.0.1", server.port)]
    assert f"host: one.test:{server.port}" in server.requests[0].lower()


def test_each_hop_is_vetted_anew():
    hops = {
        "metadata": "http://169.254.169.254/latest", "name": "http://localhost/", "disguise": "http://2130706433/",
        "port": "http://example.com:22/", "scheme": "file:///etc/passwd", "user": "http://a@example.com/",
        "mapped": "http://[::ffff:127.0.0.1]/", "odd": "http://exa\\mple.com/", "slashes": "//169.254.169.254/x",
    }  # fmt: skip
    talk = says(**{name: answer(b"", "302 Found", Location=to) for name, to in hops.items()})

    async def scenario(server):
        for name in hops:
            with pytest.raises(Refused):
                await call(f"http://127.0.0.1:{server.port}/{name}")
        return server

    with observed() as seen:
        server = against(talk, scenario)

    assert seen.connects == [("127.0.0.1", server.port)] * len(hops)


def test_a_name_that_changes_between_two_hops_is_refused():
    answers = [["127.0.0.1"], ["127.0.0.3"]]

    async def rebinding(host, port):
        return answers.pop(0)

    async def scenario(server):
        with pytest.raises(Refused, match="special_address"):
            await call(f"http://one.test:{server.port}/", resolve=rebinding)
        return server

    with observed() as seen:
        server = against(says(answer(b"", "307 T", Location="/again", Connection="close")), scenario)

    assert seen.connects == [("127.0.0.1", server.port)]


def test_five_redirects_are_followed_and_not_a_sixth():
    ways = {f"s{n}": answer(b"", "302 Found", Location=f"/s{n - 1}", Connection="close") for n in range(1, 7)}
    ways["s0"] = answer(b"there", Connection="close")

    async def scenario(server):
        got = await call(f"http://127.0.0.1:{server.port}/s5")
        assert (got.body, got.redirects) == (b"there", 5)
        with pytest.raises(Refused, match="redirects"):
            await call(f"http://127.0.0.1:{server.port}/s6")

    against(says(**ways), scenario)


def test_keys_cookies_and_bodies_stay_with_the_server_they_were_meant_for():
    async def onward(path, writer):
        port = writer.get_extra_info("sockname")[1]
        host = {"/same": "one.test", "/other": "two.test", "/body": "two.test"}.get(path)
        status = "307 T" if path == "/body" else "302 F"
        moved = {"Location": f"http://{host}:{port}/end", "Set_Cookie": "a=b"} if host else {}
        writer.write(answer(b"", status if host else "200 OK", Connection="close", **moved))

    async def scenario(server):
        for path in ("same", "other"):
            await call(f"http://one.test:{server.port}/{path}", headers=SECRET)
        with pytest.raises(Refused, match="redirected_body"):
            await call(f"http://one.test:{server.port}/body", "POST", body=b"t")
        return [request.lower() for request in server.requests]

    _, same, _, other, _ = against(onward, scenario)
    assert "bearer t" in same
    assert "x-api-key: t" in same
    assert "a=b" not in same
    assert "accept: a/b" in other
    assert not any(
        word in other for word in ("authorization", "cookie", "x-api-key", "idempotency-key", "bearer")
    )


def test_tls_is_checked_against_the_name_though_an_address_is_connected_to(tmp_path):
    names = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(a_certificate("one.test", tmp_path / "cert.pem"))
    context.sni_callback = lambda _socket, name, _context: names.append(name)

    async def all_of_it():
        async with a_server(says(answer()), ssl=context) as server:
            with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
                await call(f"https://one.test:{server.port}/")

    asyncio.run(all_of_it())
    assert names == ["one.test"]


def test_a_redirect_never_leaves_https():
    from engine.net.fetching import _next, _request

    before = _request(Call("GET", "https://example.com/"))
    with pytest.raises(Refused, match="downgrade"):
        _next(Guard(), before, 302, "http://example.com/")


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [("301 M", "POST", "GET"), ("302 F", "POST", "GET"), ("303 S", "PUT", "GET"), ("307 T", "POST", "POST"),
     ("308 P", "PUT", "PUT"), ("302 F", "HEAD", "HEAD")],
)  # fmt: skip
def test_a_redirect_keeps_or_changes_the_method_as_browsers_do(status, method, then):
    async def scenario(server):
        await call(f"http://127.0.0.1:{server.port}/a", method, body=b"" if method == "HEAD" else b"body")
        return server.requests[1]

    again = against(
        says(answer(Connection="close"), a=answer(b"", status, Location="b", Connection="close")), scenario
    )
    assert again.startswith(f"{then} /b ")
    assert again.endswith("body") == (then == method != "HEAD")


def raw_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, raw_deflate])
def test_a_bomb_is_put_down_before_it_fills_the_memory(pack):
    coding = "gzip" if pack is gzip.compress else "deflate"
    bomb, text = pack(bytes(60_000_000)), b"plain " * 1000

    async def scenario(server):
        assert (await call(f"http://127.0.0.1:{server.port}/good")).body == text
        tracemalloc.start()
        try:
            with pytest.raises(TooLarge):
                await call(f"http://127.0.0.1:{server.port}/bomb")
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    bodies = {
        "good": answer(pack(text), Content_Encoding=coding),
        "bomb": answer(bomb, Content_Encoding=coding),
    }
    assert against(says(**bodies), scenario) < 15_000_000


NOTHING = b"\x1f\x8b\x08\x04" + bytes(6) + b"\xff\xff" + bytes(65_535) + b"\x03\x00" + bytes(8)
"""A gzip member of 64 KiB with nothing in it."""


@pytest.mark.parametrize(
    ("coding", "body", "error"),
    [
        ("br", b"\x1b\xff\xff", Refused),
        ("zstd", b"x", Refused),
        ("gzip, gzip", gzip.compress(gzip.compress(b"x")), Refused),
        ("gzip", b"no gzip at all", Unreachable),
        ("gzip", gzip.compress(b"cut" * 1000)[:-9], Unreachable),
        ("gzip", gzip.compress(b"\0" * 4_000_000) * 2, TooLarge),
        ("identity", b"\0" * 5_000_001, TooLarge),
        ("gzip", NOTHING * 80, TooLarge),
    ],
    ids=["br", "zstd", "twice", "no gzip", "cut", "two members", "too long", "nothing, often"],
)
def test_other_ways_to_send_too_much_or_nonsense_are_errors_of_ours(coding, body, error):
    async def scenario(server):
        with pytest.raises(error):
            await call(f"http://127.0.0.1:{server.port}/")

    against(says(answer(body, Content_Encoding=coding)), scenario)


def test_exactly_as_much_as_is_allowed_is_taken():
    async def scenario(server):
        return len((await call(f"http://127.0.0.1:{server.port}/")).body)

    assert against(says(answer(b"\0" * 5_000_000)), scenario) == 5_000_000


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "start",
    [b"", HEAD, HEAD + b"Content-Length: 99999\r\n\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\n"],
)
def test_a_server_that_drips_is_left_at_the_deadline(start):
    async def drip(path, writer):
        writer.write(start)
        while True:
            writer.write(b"1\r\nx\r\n" if start.endswith(b"chunked\r\n\r\n") else b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async def scenario(server):
        begun = asyncio.get_running_loop().time()
        with pytest.raises(TooSlow):
            await call(f"http://127.0.0.1:{server.port}/", deadline_s=0.2)
        return asyncio.get_running_loop().time() - begun

    assert against(drip, scenario) < 30  # it would never end


def test_a_name_that_takes_its_time_is_left_at_the_deadline():
    async def slow(host, port):
        await asyncio.sleep(60)

    with pytest.raises(TooSlow):
        asyncio.run(call("http://example.com/", deadline_s=0.1, resolve=slow))


@pytest.mark.parametrize(
    "said", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", HEAD + b"A" * 300_000]
)
def test_what_is_no_http_answer_is_unreachable(said):
    async def scenario(server):
        with pytest.raises(Unreachable):
            await call(f"http://127.0.0.1:{server.port}/")

    against(says(said), scenario)


def test_nobody_there_says_so_without_the_address():
    with pytest.raises(Unreachable) as error:
        asyncio.run(call("http://one.test:1/"))

    assert "127.0.0.1" not in str(error.value)
    assert "one.test" in str(error.value)


@pytest.mark.parametrize(
    "header", ["Host", "content-length", "Transfer-Encoding", "Connection", "Proxy-Authorization"]
)
def test_headers_that_steer_the_connection_are_not_the_callers(header):
    with pytest.raises(Refused, match="header"):
        asyncio.run(call("http://one.test/", headers=[(header, "x")]))


def test_a_header_cannot_smuggle_another():
    async def scenario(server):
        with pytest.raises(Unreachable):
            await call(f"http://127.0.0.1:{server.port}/", headers=[("X-A", "b\r\nX-Evil: 1")])
        return server.requests

    assert against(says(answer()), scenario) == []


def test_neither_proxies_nor_netrc_of_the_environment_are_used(monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("default login a password b\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def scenario(server):
        await call(f"http://127.0.0.1:{server.port}/")
        async with client(OPEN) as sdk:
            await sdk.get(f"http://127.0.0.1:{server.port}/")
        return server

    with observed() as seen:
        server = against(says(answer(Connection="close")), scenario)

    assert {port for _, port in seen.connects} == {server.port}
    assert not any("authorization" in request.lower() for request in server.requests)


def test_the_client_for_sdks_has_the_same_guard_and_follows_nothing():
    async def scenario(server):
        url = f"http://127.0.0.1:{server.port}"
        async with client(Guard().trusting(f"{url}/v1")) as sdk:
            got = await sdk.get(f"{url}/v1/models")
            for elsewhere in ("http://127.0.0.1:9/", "http://169.254.169.254/", "http://localhost/"):
                with pytest.raises(Refused):
                    await sdk.get(elsewhere)
        return got.status_code, server

    with observed() as seen:
        status, server = against(says(answer(b"", "302 Found", Location="http://169.254.169.254/")), scenario)

    assert status == 302
    assert seen.connects == [("127.0.0.1", server.port)]
