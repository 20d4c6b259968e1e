"""The scope that each operation of the API takes of a key; an operation without one can't be built."""

from typing import Final

from engine.core.errors import OpenRoomsError
from engine.core.identity import Scope

_NEEDED: Final[dict[Scope | None, str]] = {
    None: "get_health take_signal take_call",
    Scope.READ: """
        get_metrics get_catalogue list_providers get_document_schema list_templates evaluate_expression
        list_workflows get_workflow validate_document validate_draft list_nodes export_workflow
        list_versions get_version
        list_rooms get_room get_status list_logs stream_room list_entries get_entry
        list_runs list_runs_of_room get_run list_events find_events export_events list_steps get_state stream_run replay_run
        list_tools get_tool list_turns
        list_schedules_of_room list_schedules preview_times get_schedule list_firings list_times
        list_agents get_agent list_agent_versions get_agent_version
        list_hooks get_hook list_deliveries list_subscriptions get_subscription list_notices
    """,
    Scope.RUN: "start_run pause_run resume_run cancel_run cancel_one_run send_signal retry_run invoke_tool",
    Scope.EDIT: """
        create_workflow import_workflow save_draft patch_draft delete_workflow unarchive_workflow
        create_from_template publish restore_version
        create_room patch_room delete_room put_entry delete_entry forget_conversation
        create_agent put_agent delete_agent try_agent
        create_schedule patch_schedule delete_schedule create_hook patch_hook rotate_hook delete_hook
        create_subscription patch_subscription rotate_subscription delete_subscription redeliver_notice
    """,
    Scope.ADMIN: """
        list_users create_user patch_user list_audit_entries export_audit_log verify_audit_log
        list_keys create_key revoke_key
        list_secrets put_secret delete_secret rotate_master_key
    """,
}
"""A person who is logged in is held by the role alone; so keys are one's own, yet a key that handles keys is admin's."""

SCOPE_OF: Final = {name: scope for scope, names in _NEEDED.items() for name in names.split()}


class ScopeMissing(OpenRoomsError):
    code = "scope_missing"

    def __init__(self, needed: Scope, held: tuple[Scope, ...]) -> None:
        super().__init__(
            f"This takes a key with the scope '{needed}'; yours has {', '.join(held)}. Make another in Settings."
        )


class NoScope(LookupError):
    """A new operation was not given its scope."""


def needed_scope(operation: str) -> Scope | None:
    """
    Raises:
        NoScope: nobody has said which it is.
    """
    if operation not in SCOPE_OF:
        raise NoScope(f"Which scope does a key need for {operation!r}? Say so in openrooms_app/scopes.py.")
    return SCOPE_OF[operation]
