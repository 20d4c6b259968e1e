"""Setting up, logging in and out, as a person and as an attacker would."""

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from openrooms_app.entrance import own_address
from tests.app.conftest import AsUser, Served
from tests.app.served import PASSWORDS


def test_the_setup_link_makes_one_administrator_and_then_is_dead(fresh: Served, page: Page) -> None:
    page.goto(f"{fresh.url}/")
    page.get_by_text("one-time link").wait_for()
    page.goto(f"{fresh.url}/setup?token={fresh.setup_token}")
    page.get_by_label("Your name").fill("Grace")
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_label("Password, once more").fill("short")
    page.locator("form").evaluate("form => { form.noValidate = true }")  # a browser would not send it
    page.get_by_role("button").click()
    assert "10" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("Your name").input_value() == "Grace"
    expect(page.locator("[aria-invalid=true]")).to_have_accessible_description(
        re.compile("The password must have")
    )
    expect(page.locator("[aria-invalid=true]")).to_be_focused()

    page.get_by_label("Password", exact=True).fill("a compiler for everyone")
    page.get_by_label("Password, once more").fill("a compiler for everyone")
    page.get_by_role("button").click()
    page.get_by_test_id("user-name").first.get_by_text("Grace").wait_for()

    again = {"token": fresh.setup_token, "name": "Mallory", "password": "a" * 20, "again": "a" * 20}
    answer = httpx.post(f"{fresh.url}/setup", data=again)
    assert answer.status_code == 409
    assert "administrator already" in answer.text
    assert httpx.get(f"{fresh.url}/setup").headers["location"] == "/login"
    assert page.goto(f"{fresh.url}/setup?token={fresh.setup_token}").status == 409
    expect(page.get_by_role("alert")).to_contain_text("administrator already")
    expect(page.get_by_role("link", name="Log in")).to_have_attribute("href", "/login")
    expect(page.get_by_role("textbox")).to_have_count(0)


def test_a_wrong_setup_token_is_refused_in_words(unclaimed: Served) -> None:
    form = {"token": "guess", "name": "Mallory", "password": "a" * 20, "again": "a" * 20}

    answer = httpx.post(f"{unclaimed.url}/setup", data=form)

    opened = httpx.get(f"{unclaimed.url}/setup?token=guess")
    for refused in (answer, opened):
        assert refused.status_code == 403
        assert "setup link" in refused.text
        assert "openrooms up" in refused.text
        assert "<form" not in refused.text
        assert "set-cookie" not in refused.headers


@pytest.mark.parametrize(
    ("wrong", "told", "at"),
    [
        ({"again": "b" * 20}, "two passwords differ", "again"),
        ({"password": "short", "again": "short"}, "must have 10", "password"),
        ({"name": " "}, "name", "name"),
    ],
)
def test_a_first_form_is_refused_in_place_and_the_field_at_fault_is_marked(
    unclaimed: Served, wrong: dict[str, str], told: str, at: str
) -> None:
    form = {"token": unclaimed.setup_token, "name": "Grace", "password": "a" * 20, "again": "a" * 20}

    answer = httpx.post(f"{unclaimed.url}/setup", data=form | wrong)

    assert answer.status_code == 422
    assert told in answer.text
    assert re.findall(r'name="(\w+)"[^>]*aria-invalid', answer.text) == [at]
    assert unclaimed.setup_token in answer.text


def test_a_login_sets_a_cookie_that_no_script_can_read(app_url: str) -> None:
    answer = httpx.post(
        f"{app_url}/login", data={"name": "Ed", "password": PASSWORDS["Ed"], "next": "/runs?q=1"}
    )

    assert answer.status_code == 303
    assert answer.headers["location"] == "/runs?q=1"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie


def test_behind_tls_the_cookie_is_secure_and_bound_to_the_host(app_url: str) -> None:
    tls = {"x-forwarded-proto": "https"}

    answer = httpx.post(f"{app_url}/login", data={"name": "Ed", "password": PASSWORDS["Ed"]}, headers=tls)

    assert answer.headers["set-cookie"].startswith("__Host-openrooms_session=")
    assert "Secure" in answer.headers["set-cookie"]


def test_a_wrong_password_says_so_in_place_and_keeps_the_name(app_url: str) -> None:
    answer = httpx.post(f"{app_url}/login", data={"name": 'A"da<', "password": "wrong", "next": "/rooms"})

    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert 'value="A&quot;da&lt;"' in answer.text
    assert 'value="/rooms"' in answer.text
    assert "wrong" not in answer.text
    assert "set-cookie" not in answer.headers


def test_too_many_tries_must_wait_and_are_told_how_long(app_url: str) -> None:
    answers = [httpx.post(f"{app_url}/login", data={"name": "nobody", "password": "x"}) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


@pytest.mark.parametrize("body", [b"", b"name=" + b"a" * 20_000, b"\xff\xfe", b"name=a&name=b&password[]=c"])
def test_a_broken_form_is_an_ordinary_failure(app_url: str, body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}

    answer = httpx.post(f"{app_url}/login", content=body, headers=headers)

    assert answer.status_code in {400, 401, 429}


def test_logging_out_ends_the_session_itself(app_url: str, as_user: AsUser) -> None:
    me = as_user("Ed")
    cookie = {"cookie": f"openrooms_session={me.cookies['openrooms_session']}"}
    assert httpx.get(f"{app_url}/api/auth/session", headers=cookie).json() == {"name": "Ed", "role": "editor"}

    answer = me.post("/logout")

    assert answer.headers["location"] == "/login"
    assert "openrooms_session" not in me.cookies
    assert httpx.get(f"{app_url}/api/auth/session", headers=cookie).status_code == 401


def test_logging_out_by_a_link_is_not_possible(app_url: str, as_user: AsUser) -> None:
    assert as_user("Ed").get("/logout").status_code == 405


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "",
        "/\n/evil",
        "/logout",
    ],
)
def test_a_login_never_leads_to_another_site(address: str) -> None:
    assert own_address(address) == "/"


def test_the_login_page_works_without_script_and_follows_the_system_colours(app_url: str) -> None:
    answer = httpx.get(f"{app_url}/login")
    policy = answer.headers["content-security-policy"]

    assert re.search(r"<form method=\"post\" action=\"/login\">", answer.text)
    assert "prefers-color-scheme:dark" in answer.text
    assert "default-src 'none'" in policy
    assert "'unsafe-eval'" not in policy
    assert answer.headers["cache-control"] == "no-store"
