"""Audit, for administrators: who did what and when, whether anybody tampered with it, and all of it as a file."""

import reflex as rx

from openrooms_app import routes
from openrooms_app.pages.audit.state import AuditPage
from openrooms_app.pages.audit.view import audit_view, header_actions
from openrooms_app.shell import page, title


@rx.page(route=routes.AUDIT, title=title("Audit"), on_load=AuditPage.load)
def audit_page() -> rx.Component:
    return page(
        audit_view(),
        heading="Audit",
        lead="Who did what. Entries are chained: whoever changes or removes one breaks the chain.",
        actions=header_actions(),
    )
