"""A POST of one flat JSON object to any address.

``config``: ``webhook_url``; ``username`` and ``password``; ``headers``; ``secret`` (ours): the body is signed
with it, HMAC-SHA256, in the header ``X-Utask-Signature``.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from tasks.notify.message import Message
from tasks.notify.posting import post, require_status_below_400

_SECONDS = 10.0


def send(message: Message, settings: Mapping[str, Any]) -> None:
    """Every status below 400 counts as arrived."""
    flat = {"message": message.text, "notification_type": message.kind, **message.fields}
    body = json.dumps(flat, sort_keys=True, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", "X-Utask-Delivery": message.delivery}
    headers |= {str(name): str(value) for name, value in (settings.get("headers") or {}).items()}
    key = settings.get("secret")
    if key:
        headers["X-Utask-Signature"] = "sha256=" + hmac.new(str(key).encode(), body, hashlib.sha256).hexdigest()
    user, password = settings.get("username"), settings.get("password")
    login = (str(user), str(password)) if user and password else None
    require_status_below_400(post(str(settings["webhook_url"]), body, headers=headers, seconds=_SECONDS, login=login))
