"""The form of the log-in page."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError

from tasks.services.logins import LIMITED


class Entrance(AuthenticationForm):
    """Django's own, that also says when no password is looked at and for how long, of names that nobody has too."""

    def get_invalid_login_error(self) -> ValidationError:
        """Why he is not let in."""
        why: Any = self.request.META.get(LIMITED) if self.request is not None else None
        if why is None:
            return super().get_invalid_login_error()
        return ValidationError(str(why).capitalize() + ", then try again.", code="limited")
