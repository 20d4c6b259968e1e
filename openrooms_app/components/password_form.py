"""The form with which users change their own password."""

import reflex as rx

from openrooms_app.tsx import tsx_module


class PasswordForm(rx.Component):
    """Sends by HTTP and loads the page anew when it is done."""

    library = tsx_module(__file__, "password_form.tsx")
    tag = "PasswordForm"
    user_name: rx.Var[str]


password_form = PasswordForm.create
