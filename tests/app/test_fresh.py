"""A fresh installation: no password, no key, no open door by default."""

import stat
from contextlib import closing

import httpx

from engine.runtime import open_runtime
from engine.services import identity
from engine.services.upkeep import open_migrated
from engine.settings import Settings
from openrooms_app.cli import main
from tests.app.conftest import Served


def _opened(folder):
    return open_migrated(Settings(_env_file=None, data_dir=folder))


def test_nobody_has_an_account_and_the_secret_key_is_made_for_this_installation_alone(tmp_path):
    with closing(_opened(tmp_path / "a")) as one, closing(_opened(tmp_path / "b")) as other:
        assert identity.needs_setup(one)
        assert len(one.secret_key) >= 32
        assert one.secret_key != other.secret_key
        for name in ("admin", "Admin", "root", "operator", "openrooms"):
            for password in ("", "admin", "password", "openrooms"):
                try:
                    identity.log_in(one, name, password)
                except (identity.BadCredentials, identity.TooManyAttempts):
                    continue
                raise AssertionError(f"{name} has the password {password}")
    mode = stat.S_IMODE((tmp_path / "a" / "secret.key").stat().st_mode)
    assert mode == 0o600
    with closing(open_runtime(Settings(_env_file=None, data_dir=tmp_path / "a"))) as again:
        assert again.secret_key == one.secret_key


def test_it_listens_to_this_machine_alone_unless_told_otherwise():
    for name in ("up", "web"):
        (host,) = [option for option in main.commands[name].params if option.name == "host"]
        assert host.default == "127.0.0.1"


def test_before_there_is_an_administrator_nothing_but_the_setup_is_open(unclaimed: Served) -> None:
    for path in ("/api/rooms", "/api/openapi.json", "/metrics", "/_upload", "/api/keys"):
        assert httpx.get(unclaimed.url + path, trust_env=False).status_code == 401
    guess = {"Authorization": "Bearer or_aaaaaaaa_" + "a" * 32}
    assert httpx.get(f"{unclaimed.url}/api/rooms", headers=guess, trust_env=False).json()["code"] == "bad_key"
    outside = {"x-forwarded-for": "203.0.113.7"}
    for path in ("/", "/setup", "/api/health", "/api/auth/login", "/logo.svg"):
        answer = httpx.get(unclaimed.url + path, headers=outside, trust_env=False)
        assert (answer.status_code, answer.json()["code"]) == (403, "loopback_only")
