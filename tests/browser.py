"""Finds a Chromium for the tests that need one, or installs it through the system's package manager."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

INSTALLERS: dict[str, list[list[str]]] = {
    "apt-get": [
        ["apt-get", "update"],
        ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"],
    ],
    "dnf": [["dnf", "install", "--assumeyes", "chromium"]],
    "pacman": [["pacman", "--sync", "--noconfirm", "chromium"]],
    "apk": [["apk", "add", "chromium"]],
    "zypper": [["zypper", "--non-interactive", "install", "chromium"]],
    "brew": [["brew", "install", "--cask", "chromium"]],
}

CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def find_chromium() -> str | None:
    """The path of a Chromium; OPENROOMS_CHROMIUM names another one."""
    given = os.environ.get("OPENROOMS_CHROMIUM")
    return given or next((path for name in NAMES if (path := shutil.which(name))), None)


def install_chromium() -> bool:
    """Whether one was found after trying the package manager that is there."""
    manager = next((name for name in INSTALLERS if shutil.which(name)), None)
    if manager is None:
        return False
    may = [] if os.geteuid() == 0 or manager == "brew" else ["sudo", "--non-interactive"]
    print(f"The tests need Chromium; installing it with {manager} …", flush=True)
    for command in INSTALLERS[manager]:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(
            [*may, *command],
            env=environment,
            stdout=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            return False
    return find_chromium() is not None


def main() -> int:
    if find_chromium() or install_chromium():
        return 0
    print(
        "The browser tests need Chromium, and it could not be installed here.\n"
        "Install it with your system's package manager (Debian: sudo apt-get install chromium),\n"
        "or set OPENROOMS_CHROMIUM to the path of a Chromium or Chrome.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
