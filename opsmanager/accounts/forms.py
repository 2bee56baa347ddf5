"""The forms of the login page and of the account page."""

from typing import Any

from django.contrib.auth import forms as django_forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from opsmanager.accounts import throttle
from opsmanager.common.problems import TooManyTries

LONGEST_NAME = 150
LONGEST_PASSWORD = 1024


class LoginForm(django_forms.AuthenticationForm):
    """A user name and password."""

    wait: TooManyTries | None = None
    """Why the password was not even looked at."""

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        # Django only tells the browser; to hash a long text is work that nobody should ask for.
        for name, longest in (("username", LONGEST_NAME), ("password", LONGEST_PASSWORD)):
            self.fields[name].validators.append(MaxLengthValidator(longest))

    def clean(self) -> dict[str, Any]:
        """Check the password, unless it has to wait."""
        try:
            return super().clean()
        except TooManyTries as problem:
            self.wait = problem
            raise ValidationError(problem.message, code="throttled") from None


class PasswordForm(django_forms.PasswordChangeForm):
    """The old password and, twice, the new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["old_password"].widget.attrs.pop("autofocus")
        self.fields[
            "new_password1"
        ].help_text = "At least ten characters, not a common password, and not like your name."
        self.fields["new_password2"].label = "New password, again"
        self.fields["new_password2"].help_text = ""

    @sensitive_variables("old_password")
    def clean_old_password(self) -> str:
        """Check the old password: whoever sits at a browser left open must not guess it either."""
        limits = {throttle.key("password", str(self.user.pk)): throttle.KNOWN}
        try:
            throttle.reserve(limits)
        except TooManyTries as problem:
            raise ValidationError(problem.message, code="throttled") from None
        try:
            old_password: str = super().clean_old_password()
        except ValidationError:
            throttle.was_wrong(limits)
            raise
        throttle.was_right(limits, own=next(iter(limits)))
        return old_password
