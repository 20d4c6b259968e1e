"""What a browser may keep and what it may run."""

import re

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


def test_the_editors_scripts_are_named_before_the_page_is_read(app_url: str, as_user: AsUser) -> None:
    me = as_user("Vi")
    link = me.get("/workflows/any", headers=HTML).headers["link"]

    assert re.search(r'</assets/editor-[\w-]+\.js>; rel="modulepreload"', link)
    for script in re.findall(r"</(assets/[^>]+)>", link):
        assert httpx.get(f"{app_url}/{script}").status_code == 200
    assert "link" not in me.get("/workflows", headers=HTML).headers
