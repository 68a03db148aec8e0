"""From an HTTP answer to a step's result: the rules that ``http`` and ``apiovh`` share.

Source: docs/actions.md, "The answer".
"""

from __future__ import annotations

import base64
from typing import Any, Literal

from actions._contract import ClientError, Result, ServerError
from actions._web import Answer, AnswerTooLarge

#: What the metadata hold. Any header and cookie may be read, and what a server sent twice as a list.
METADATA_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "HTTPStatus": {"type": "integer", "description": "Status code."},
        "HTTPHeaders": {"type": "object", "description": "Name to first value.", "additionalProperties": True},
        "HTTPHeaderLists": {
            "type": "object",
            "description": "Name to all values; only there when a header came more than once.",
            "additionalProperties": True,
        },
        "HTTPCookies": {"type": "object", "description": "Name to value.", "additionalProperties": True},
    },
    "additionalProperties": True,
}

#: Longest part of a body that goes into an error message, in characters.
_SHOWN = 2_000


def metadata_of(status: int, headers: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """Status, headers and cookies as metadata; a header's name is in canonical form (``X-Request-Id``)."""
    lists: dict[str, list[str]] = {}
    for name, value in headers:
        lists.setdefault(canonical(name), []).append(value)
    metadata: dict[str, Any] = {
        "HTTPStatus": status,
        "HTTPHeaders": {name: values[0] for name, values in lists.items()},
        "HTTPCookies": dict(_cookie(value) for value in lists.get("Set-Cookie", ()) if "=" in value.partition(";")[0]),
    }
    if any(len(values) > 1 for values in lists.values()):
        metadata["HTTPHeaderLists"] = lists
    return metadata


def result_of(
    answer: Answer, *, trim_prefix: str = "", response: Literal["auto", "text", "base64"] | str = "auto"
) -> Result:
    """The result of an answer with status 2xx. Raises ClientError for 4xx, ServerError for any other status.

    An answer that says it is JSON and is not: ServerError without output, unless its status says more; then it is text.
    """
    metadata = metadata_of(answer.status, answer.headers)
    text = answer.text().removeprefix(trim_prefix)
    output: Any = text
    if response == "base64":
        output = base64.b64encode(answer.body.removeprefix(trim_prefix.encode())).decode()
    elif response == "auto" and text and _is_json(answer):
        try:
            output = answer.loads(text)
        except ValueError as error:
            if answer.ok:
                raise ServerError("the answer's type is JSON, its body is not.", metadata=metadata) from error
    if answer.ok:
        return Result(output, metadata)
    kind = ClientError if 400 <= answer.status < 500 else ServerError
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    raise kind(f"status {answer.status}: {shown}", output=output, metadata=metadata)


def too_large(error: AnswerTooLarge) -> ClientError:
    """The step's error for an answer that was not read to its end: asking again would not make it shorter."""
    return ClientError(error.message, metadata=metadata_of(error.status, error.headers))


def canonical(name: str) -> str:
    """A header's name with each part capitalised."""
    return "-".join(part.capitalize() for part in name.split("-"))


def _is_json(answer: Answer) -> bool:
    return (answer.header("Content-Type") or "").partition(";")[0].strip().lower() == "application/json"


def _cookie(header: str) -> tuple[str, str]:
    name, _, value = header.partition(";")[0].partition("=")
    value = value.strip()
    quoted = len(value) > 1 and value.startswith('"') and value.endswith('"')
    return name.strip(), value[1:-1] if quoted else value
