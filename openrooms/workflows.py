"""Workflows over HTTP: drafts, versions, files."""

from typing import Any, Literal, TypedDict, Unpack

from openrooms.calls import Calls, Paged, at, once, revision
from openrooms.values import Findings, Page, Template, Version, VersionSummary, Workflow, WorkflowSummary

FileFormat = Literal["json", "yaml"]


class WorkflowsAsked(Paged, total=False):
    search: str
    status: str | None


class Exported(TypedDict, total=False):
    version: int | Literal["latest", "draft"]
    format: FileFormat


class Workflows(Calls):
    def list_workflows(self, **asked: Unpack[WorkflowsAsked]) -> Page[WorkflowSummary]:
        return self._page(WorkflowSummary, at("workflows"), asked)

    def create_workflow(self, document: dict[str, Any], *, idempotency_key: str | None = None) -> Workflow:
        """From a document, or an empty draft from `{"name": …}`."""
        return self._send(Workflow, "POST", at("workflows"), json=document, headers=once(idempotency_key))

    def get_workflow(self, workflow_id: str) -> Workflow:
        return self._get(Workflow, at("workflows", workflow_id))

    def save_draft(
        self, workflow_id: str, document: dict[str, Any], revision_: int | None = None
    ) -> Workflow:
        """Replace the draft, if it still has that revision; `stale_draft` otherwise."""
        path = at("workflows", workflow_id)
        return self._send(Workflow, "PUT", path, json=document, headers=revision(revision_))

    def patch_draft(self, workflow_id: str, fields: dict[str, Any], revision_: int | None = None) -> Workflow:
        """Replace the top-level fields that are named; None removes one."""
        path = at("workflows", workflow_id)
        return self._send(Workflow, "PATCH", path, json=fields, headers=revision(revision_))

    def delete_workflow(self, workflow_id: str, *, force: bool = False) -> Workflow | None:
        """None when it is gone; with `force` one that rooms use is archived and returned."""
        answer = self.request("DELETE", at("workflows", workflow_id), params={"force": force})
        return Workflow.model_validate_json(answer.content) if answer.content else None

    def unarchive_workflow(self, workflow_id: str) -> Workflow:
        return self._send(Workflow, "POST", at("workflows", workflow_id, "unarchive"))

    def validate_document(self, document: Any) -> Findings:
        return self._send(Findings, "POST", at("workflows", "validate"), json=document)

    def validate_draft(self, workflow_id: str) -> Findings:
        return self._send(Findings, "POST", at("workflows", workflow_id, "validate"))

    def list_nodes(self, workflow_id: str, version: int | None = None) -> Page[dict[str, Any]]:
        return self._plain_page(at("workflows", workflow_id, "nodes"), {"version": version})

    def import_workflow(self, file: bytes, kind: FileFormat = "json") -> Workflow:
        headers = {"Content-Type": f"application/{kind}"}
        return self._send(Workflow, "POST", at("workflows", "import"), content=file, headers=headers)

    def export_workflow(self, workflow_id: str, **asked: Unpack[Exported]) -> bytes:
        return self.request("GET", at("workflows", workflow_id, "export"), params=asked).content

    def publish(self, workflow_id: str, note: str = "", revision_: int | None = None) -> VersionSummary:
        path = at("workflows", workflow_id, "versions")
        return self._send(VersionSummary, "POST", path, json={"note": note}, headers=revision(revision_))

    def list_versions(self, workflow_id: str, **asked: Unpack[Paged]) -> Page[VersionSummary]:
        return self._page(VersionSummary, at("workflows", workflow_id, "versions"), asked)

    def get_version(self, workflow_id: str, number: int) -> Version:
        return self._get(Version, at("workflows", workflow_id, "versions", number))

    def restore_version(self, workflow_id: str, number: int, revision_: int | None = None) -> Workflow:
        path = at("workflows", workflow_id, "versions", number, "restore")
        return self._send(Workflow, "POST", path, headers=revision(revision_))

    def list_templates(self) -> Page[Template]:
        return self._page(Template, at("templates"), {})

    def create_from_template(self, template_id: str) -> Workflow:
        return self._send(Workflow, "POST", at("templates", template_id, "workflows"))
