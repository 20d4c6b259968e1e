"""Lets Reflex write and bundle the pages into `.web/`; run by `openrooms_app.build` in a process of its own.

What `reflex export` does, without its habit of editing `.gitignore` in a fresh clone.
"""

from reflex_base import constants
from reflex_base.environment import environment


def main() -> None:
    from reflex.utils import export, prerequisites

    environment.REFLEX_COMPILE_CONTEXT.set(constants.CompileContext.EXPORT)
    if prerequisites.needs_reinit():
        prerequisites.initialize_reflex_user_directory()
        prerequisites.initialize_frontend_dependencies()
    export.export(zipping=False, backend=False, loglevel=constants.LogLevel.INFO)


if __name__ == "__main__":
    main()
