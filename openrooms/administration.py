"""The installation over HTTP: its tools and providers, users and keys, its audit log, its health."""

from typing import Any, Literal, TypedDict, Unpack

from openrooms.calls import Calls, Paged, at
from openrooms.values import (
    ApiKey,
    AuditEntry,
    Health,
    MadeKey,
    Page,
    Provider,
    Rotated,
    Secret,
    Tool,
    Tried,
    User,
    Verdict,
)

Role = Literal["viewer", "editor", "admin"]
Scope = Literal["read", "run", "edit", "admin"]


class KeysAsked(Paged, total=False):
    of_all: bool


class AuditSought(TypedDict, total=False):
    action: str | None
    user_id: str | None
    target: str | None
    since: str | None
    until: str | None


class AuditAsked(AuditSought, Paged, total=False):
    pass


class Administration(Calls):
    def get_health(self) -> Health:
        """Of a degraded installation too."""
        return Health.model_validate_json(self.request("GET", "/api/health", is_fine=(503,)).content)

    def get_metrics(self) -> str:
        """Prometheus' text format."""
        return self.request("GET", "/metrics").text

    def get_catalogue(self) -> dict[str, Any]:
        """Everything a workflow can be made of, with schemas and limits."""
        return dict(self.request("GET", at("catalogue")).json())

    def get_document_schema(self) -> dict[str, Any]:
        return dict(self.request("GET", at("schemas", "workflow")).json())

    def list_providers(self) -> Page[Provider]:
        return self._page(Provider, at("providers"), {})

    def list_tools(self) -> Page[Tool]:
        return self._page(Tool, at("tools"), {})

    def get_tool(self, name: str) -> Tool:
        return self._get(Tool, at("tools", name))

    def invoke_tool(self, name: str, arguments: dict[str, Any], room_id: str | None = None) -> Tried:
        """Call the tool for real; memory tools need a room."""
        body = {"arguments": arguments, "room_id": room_id}
        return self._send(Tried, "POST", at("tools", name, "invoke"), json=body)

    def evaluate_expression(
        self,
        source: str,
        scope: dict[str, Any] | None = None,
        as_: Literal["value", "condition", "template"] = "value",
    ) -> dict[str, Any]:
        """`{value, reads, cost}`."""
        body = {"source": source, "as": as_, "scope": scope or {}}
        return dict(self.request("POST", at("expressions", "evaluate"), json=body).json())

    def list_users(self, **asked: Unpack[Paged]) -> Page[User]:
        return self._page(User, at("users"), asked)

    def create_user(self, name: str, password: str, role: Role = "viewer") -> User:
        return self._send(User, "POST", at("users"), json={"name": name, "password": password, "role": role})

    def patch_user(self, user_id: str, **change: str | bool) -> User:
        """Exactly one of `role`, `active` and `password`; the user's sessions end."""
        return self._send(User, "PATCH", at("users", user_id), json=change)

    def list_keys(self, **asked: Unpack[KeysAsked]) -> Page[ApiKey]:
        return self._page(ApiKey, at("keys"), asked)

    def create_key(self, name: str, scopes: list[Scope], expires_in_days: int | None = 90) -> MadeKey:
        """`key` is in this answer and never again."""
        body = {"name": name, "scopes": scopes, "expires_in_days": expires_in_days}
        return self._send(MadeKey, "POST", at("keys"), json=body)

    def revoke_key(self, key_id: str) -> None:
        self.request("DELETE", at("keys", key_id))

    def list_secrets(self, **asked: Unpack[Paged]) -> Page[Secret]:
        """Their names; values are never shown."""
        return self._page(Secret, at("secrets"), asked)

    def put_secret(self, name: str, value: str) -> Secret:
        return self._send(Secret, "PUT", at("secrets", name), json={"value": value})

    def delete_secret(self, name: str) -> None:
        self.request("DELETE", at("secrets", name))

    def rotate_master_key(self) -> Rotated:
        return self._send(Rotated, "POST", at("secrets", "rotate"))

    def list_audit_entries(self, **asked: Unpack[AuditAsked]) -> Page[AuditEntry]:
        return self._page(AuditEntry, at("audit"), asked)

    def export_audit_log(self, **sought: Unpack[AuditSought]) -> bytes:
        """All that fit, one JSON object a line."""
        return self.request("GET", at("audit", "export"), params=sought).content

    def verify_audit_log(self) -> Verdict:
        return self._send(Verdict, "POST", at("audit", "verify"))
