"""django-allauth's forms where ours differ."""

from typing import Any

from allauth.account.forms import LoginForm as TheirLoginForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

TOO_MANY = "too_many_login_attempts"


class LoginForm(TheirLoginForm):
    """With the words of our pages; knows whether it was refused for too many attempts."""

    too_many = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-Mail-Adresse")
        self.fields["login"].widget.attrs.update({"autocomplete": "username", "autofocus": True})
        self.fields["password"].label = _("Passwort")
        self.fields["password"].help_text = ""
        self.fields["remember"].label = _("Angemeldet bleiben")
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)

    def clean(self) -> Any:
        try:
            return super().clean()
        except ValidationError as refused:
            self.too_many = refused.code == TOO_MANY
            raise
