"""What a browser may keep and what it may run."""

import re
from pathlib import Path

import httpx
import pytest

from openrooms_app.headers import FOREVER, cache_control
from tests.app.conftest import AsUser

HTML = {"accept": "text/html"}


def test_files_named_by_their_content_are_kept_forever_and_pages_never(app_url: str, as_user: AsUser) -> None:
    me = as_user("Vi")
    page = me.get("/", headers=HTML)
    scripts = re.findall(r"/assets/[\w./-]+\.js", page.text)

    assert page.headers["cache-control"] == "no-cache"
    assert scripts
    for script in scripts:
        kept = httpx.get(app_url + script).headers["cache-control"]
        assert kept == ("no-cache" if "reflex-env" in script else FOREVER)


@pytest.mark.parametrize(
    ("path", "status", "kept"),
    [
        ("/assets/gone.js", 404, "no-cache"),
        ("/assets/reflex-env-abc.js", 200, "no-cache"),
        ("/assets/root-abc.js", 304, FOREVER),
        ("/api/rooms", 200, "no-store"),
        ("/rooms", 200, "no-cache"),
    ],
)
def test_each_kind_of_answer_has_its_time_to_live(path: str, status: int, kept: str) -> None:
    assert cache_control(path, status) == kept


def test_scripts_come_packed(app_url: str, as_user: AsUser) -> None:
    script = re.findall(r"/assets/[\w./-]+\.js", as_user("Vi").get("/", headers=HTML).text)[0]

    assert (
        httpx.get(app_url + script, headers={"accept-encoding": "gzip"}).headers["content-encoding"] == "gzip"
    )


@pytest.mark.parametrize("path", ["/", "/login", "/api/not-there", "/assets/gone.js", "/logo.svg"])
def test_every_answer_carries_the_security_headers(as_user: AsUser, path: str) -> None:
    answer = as_user("Vi").get(path, headers=HTML)

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "same-origin"


def test_the_policy_allows_no_eval_and_no_unknown_inline_script(as_user: AsUser) -> None:
    policy = as_user("Vi").get("/", headers=HTML).headers["content-security-policy"]
    scripts = next(part for part in policy.split(";") if "script-src" in part)

    assert "unsafe" not in scripts
    assert "sha256-" in scripts


def test_no_source_is_shipped_and_no_package_host_is_written_down(app_url: str, as_user: AsUser) -> None:
    answer = as_user("Vi").get("/external/openrooms_app/components/navigation.tsx")

    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("page", "data"),
    [
        ("/workflows/an-id", ["/api/workflows/an-id", "/api/catalogue"]),
        ("/rooms/an-id/", ["/api/rooms/an-id", "/api/catalogue"]),
        ("/runs/a%22%3E%2C", ["/api/runs/a%22%3E%2C", "/api/catalogue"]),
        ("/agents/an-id", []),
    ],
)
def test_what_a_page_asks_for_next_is_named_before_it_is_read(
    app_url: str, as_user: AsUser, page: str, data: list[str]
) -> None:
    answer = as_user("Vi").get(page, headers=HTML)
    named = re.findall(r'<([^>]+)>; rel="(?:module)?preload"', answer.headers["link"])
    files = [name for name in named if name not in data]

    assert [name for name in named if name.startswith("/api/")] == data
    assert any("entry.client" in file for file in files)
    assert all(httpx.get(app_url + file).status_code == 200 for file in files)
    assert named == list(dict.fromkeys(named))
    assert len(files) <= 20
    # A proxy before us may take no more than one page of memory for all headers of an answer.
    assert sum(len(name) + len(value) + 4 for name, value in answer.headers.raw) < 3_800


def test_a_page_without_a_thing_in_its_address_names_its_files_itself(as_user: AsUser) -> None:
    assert "link" not in as_user("Vi").get("/workflows", headers=HTML).headers


def test_a_built_file_comes_as_the_client_takes_it_and_once(app_url: str, built: Path) -> None:
    (file,) = (built / "build" / "client" / "assets").glob("entry.client-*.js")
    address = f"{app_url}/assets/{file.name}"
    plain = httpx.get(address, headers={"accept-encoding": "identity"})
    packed = httpx.get(address, headers={"accept-encoding": "br, gzip"})

    assert plain.content == packed.content == file.read_bytes()
    assert [answer.headers.get("content-encoding") for answer in (plain, packed)] == [None, "gzip"]
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
    assert plain.headers["etag"] != packed.headers["etag"]
    for tag in (plain.headers["etag"], f"W/{plain.headers['etag']}", f'"x", {plain.headers["etag"]}'):
        known = httpx.get(address, headers={"accept-encoding": "identity", "if-none-match": tag})
        assert (known.status_code, known.content, known.headers["cache-control"]) == (304, b"", FOREVER)
    assert httpx.get(address, headers={"range": "bytes=0-9"}).status_code == 206
    assert httpx.head(address).status_code == 200
