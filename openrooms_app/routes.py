"""The address of every page, written once."""

from typing import Final

HOME: Final = "/"
WORKFLOWS: Final = "/workflows"
WORKFLOW: Final = "/workflows/[workflow_id]"
"""The editor."""
ROOMS: Final = "/rooms"
ROOM: Final = "/rooms/[room_id]"
ROOM_TRIGGERS: Final = "/rooms/[room_id]/triggers"
RUNS: Final = "/runs"
RUN: Final = "/runs/[run_id]"
TRIGGERS: Final = "/triggers"
AGENTS: Final = "/agents"
AGENT: Final = "/agents/[agent_id]"
NEW_AGENT: Final = "/agents/new"
TOOLS: Final = "/tools"
SETTINGS: Final = "/settings"
PROVIDERS: Final = "/settings/providers"
KEYS: Final = "/settings/keys"
SECRETS: Final = "/settings/secrets"
USERS: Final = "/settings/users"
HEALTH: Final = "/settings/health"
AUDIT: Final = "/audit"

LOGIN: Final = "/login"
LOGOUT: Final = "/logout"
SETUP: Final = "/setup"


def workflow(workflow_id: str) -> str:
    return f"{WORKFLOWS}/{workflow_id}"


def room(room_id: str) -> str:
    return f"{ROOMS}/{room_id}"


def room_triggers(room_id: str) -> str:
    return f"{ROOMS}/{room_id}/triggers"


def run(run_id: str) -> str:
    return f"{RUNS}/{run_id}"


def agent(agent_id: str) -> str:
    return f"{AGENTS}/{agent_id}"
