"""Sealed secrets: what opens them and what does not; keys in files."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine import keyfile
from engine.sealing import BadMasterKey, Keyring, Unopened

OLD, NEW = "o" * 32, "n" * 40


def test_a_value_is_opened_under_its_own_name_only_and_never_looks_the_same_twice():
    keys = Keyring([OLD])
    sealed, again = keys.seal("a", "välue"), keys.seal("a", "välue")

    assert keys.open("a", sealed) == keys.open("a", again) == "välue"
    assert sealed != again
    assert "lue" not in sealed
    with pytest.raises(Unopened, match="'b'"):
        keys.open("b", sealed)


@pytest.mark.parametrize("part", range(4))
def test_a_change_anywhere_is_found(part):
    keys = Keyring([OLD])
    parts = keys.seal("a", "value").split(":")
    parts[part] = parts[part][:-6] + ("AAAAAA" if parts[part][-6:] != "AAAAAA" else "BBBBBB") if part else "2"

    with pytest.raises(Unopened):
        keys.open("a", ":".join(parts))


@pytest.mark.parametrize("sealed", ["", ":::", "1:x:y", "1:00000000:eA==:eA==", "1:\x00:é:é"])
def test_nonsense_does_not_open(sealed):
    with pytest.raises(Unopened):
        Keyring([OLD]).open("a", sealed)


def test_keys_are_changed_by_a_list_whose_first_is_the_newest():
    sealed = Keyring([OLD]).seal("a", "value")
    both = Keyring([NEW, OLD])
    renewed = both.rewrap("a", sealed)

    assert both.open("a", sealed) == both.open("a", renewed) == Keyring([NEW]).open("a", renewed) == "value"
    assert renewed.split(":")[3] == sealed.split(":")[3]
    with pytest.raises(Unopened):
        Keyring([OLD]).open("a", renewed)


@pytest.mark.parametrize("keys", [[], ["short"], [OLD, "short"]])
def test_a_key_that_can_be_guessed_is_refused(keys):
    with pytest.raises(BadMasterKey):
        Keyring(keys)


def test_a_key_file_is_made_once_whoever_asks_and_only_its_owner_reads_it(tmp_path):
    path = tmp_path / "new" / "master.key"
    path.parent.mkdir()
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: keyfile.kept(path), range(64)))

    assert len({tuple(lines) for lines in found}) == 1
    assert len(found[0][0]) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["master.key"]


def test_keys_that_are_added_at_once_are_all_kept(tmp_path):
    path = tmp_path / "master.key"
    first = keyfile.kept(path)[0]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: keyfile.prepend(path, f"key{number}"), range(8)))

    assert sorted(keyfile.kept(path)) == sorted([first, *(f"key{number}" for number in range(8))])
    assert keyfile.kept(path)[-1] == first
