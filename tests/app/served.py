"""The real server as a process of its own, in a fresh data dir: `python -m tests.app.served DIR PORT PEOPLE`.

Prints the token of the setup link, or with PEOPLE "people" makes three accounts first and prints nothing of use.
"""

import sys
from pathlib import Path

PASSWORDS = {"Ada": "ada has a long password", "Ed": "ed has a long password", "Vi": "vi has a long password"}


def main(data_dir: Path, port: int, with_people: bool) -> None:
    from engine.core.identity import Role
    from engine.runtime import open_runtime, use_runtime
    from engine.services import identity, users
    from engine.settings import Settings
    from engine.store.migrations import migrate
    from openrooms_app.serve import serve

    rt = open_runtime(Settings(data_dir=data_dir))
    use_runtime(rt)
    migrate(rt.db)
    token = identity.make_setup_token(rt)
    if with_people:
        admin = identity.who(rt, identity.create_first_admin(rt, token, "Ada", PASSWORDS["Ada"]))
        assert admin is not None
        users.create(rt, admin, "Ed", PASSWORDS["Ed"], Role.EDITOR)
        users.create(rt, admin, "Vi", PASSWORDS["Vi"], Role.VIEWER)
    sys.stdout.write(f"{token}\n")
    sys.stdout.flush()
    serve("127.0.0.1", port, data_dir)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "people")
