"""One POST of JSON, with what went wrong in words that are safe to keep."""

from collections.abc import Mapping

import requests

from tasks.notify.message import DeliveryFailed

_EXCERPT = 300


def post(
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    seconds: float,
    login: tuple[str, str] | None = None,
) -> requests.Response:
    """The receiver's answer, whatever its status. Raises DeliveryFailed where there is none.

    Addresses hold secrets (a Slack webhook is one), so no text of the library is passed on.
    """
    try:
        return requests.post(url, data=body, headers=dict(headers), auth=login, timeout=seconds)
    except requests.Timeout:
        raise DeliveryFailed(f"no answer within {seconds:g} s") from None
    except requests.exceptions.SSLError:
        raise DeliveryFailed("the receiver's certificate cannot be verified") from None
    except requests.ConnectionError:
        raise DeliveryFailed("the receiver cannot be reached") from None
    except requests.RequestException as error:
        raise DeliveryFailed(f"the request cannot be made: {type(error).__name__}") from None


def require_status_below_400(answer: requests.Response) -> None:
    """Raise DeliveryFailed with the status and the beginning of the answer, which is the receiver's own text."""
    if answer.status_code >= 400:
        raise DeliveryFailed(f"status {answer.status_code}: {answer.text[:_EXCERPT]}".rstrip(": "))
