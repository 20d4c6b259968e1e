"""The address of every page, written once."""

from typing import Final

HOME: Final = "/"
WORKFLOWS: Final = "/workflows"
WORKFLOW: Final = "/workflows/[workflow_id]"
"""The editor."""
ROOMS: Final = "/rooms"
ROOM: Final = "/rooms/[room_id]"
RUNS: Final = "/runs"
RUN: Final = "/runs/[run_id]"
AGENTS: Final = "/agents"
AGENT: Final = "/agents/[agent_id]"
NEW_AGENT: Final = "/agents/new"
TOOLS: Final = "/tools"
SETTINGS: Final = "/settings"

LOGIN: Final = "/login"
LOGOUT: Final = "/logout"
SETUP: Final = "/setup"


def workflow(workflow_id: str) -> str:
    return f"{WORKFLOWS}/{workflow_id}"


def room(room_id: str) -> str:
    return f"{ROOMS}/{room_id}"


def run(run_id: str) -> str:
    return f"{RUNS}/{run_id}"


def agent(agent_id: str) -> str:
    return f"{AGENTS}/{agent_id}"
