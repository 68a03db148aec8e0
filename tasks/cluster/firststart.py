"""What a first start makes: an administrator to log in with."""

import secrets

from django.contrib.auth import get_user_model

USERNAME = "admin"


def ensure_administrator(given_password: str) -> str | None:
    """Make the user ``admin`` where there is no administrator yet; its password where that was generated here.

    The password is ``given_password``, or a new one when that is empty.
    """
    users = get_user_model()._default_manager
    if users.filter(is_superuser=True).exists() or users.filter(username=USERNAME).exists():
        return None
    password = given_password or secrets.token_urlsafe(15)
    user = get_user_model()(username=USERNAME, is_staff=True, is_superuser=True)
    user.set_password(password)
    user.save()
    return None if given_password else password
