"""base64 and base32, read as strictly and as leniently as Go does; and JSON."""

import base64

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import GoError, from_bytes, to_bytes
from tasks.engine.gotemplate.jsontext import dumps
from tasks.engine.gotemplate.limits import Run
from tasks.engine.gotemplate.sprig.binarytext import BASE32, BASE64, BadEncoding, decode
from tasks.engine.gotemplate.sprig.structures import check_extent

FUNCTIONS: dict[str, Function] = {}


@declare(FUNCTIONS, "b64enc", "string")
def _encode_base64(text: str) -> str:
    return base64.b64encode(to_bytes(text)).decode()


@declare(FUNCTIONS, "b32enc", "string")
def _encode_base32(text: str) -> str:
    return base64.b32encode(to_bytes(text)).decode()


@declare(FUNCTIONS, "b64dec", "string")
def _decode_base64(text: str) -> str:
    """The text that was encoded. Kept: for a bad one, the text of the error."""
    try:
        return from_bytes(decode(BASE64, to_bytes(text)))
    except BadEncoding as error:
        return str(error)


@declare(FUNCTIONS, "b32dec", "string")
def _decode_base32(text: str) -> str:
    """The text that was encoded. Kept: for a bad one, the text of the error."""
    try:
        return from_bytes(decode(BASE32, to_bytes(text)))
    except BadEncoding as error:
        return str(error)


@declare(FUNCTIONS, "mustToJson", "any", with_run=True)
def _must_to_json(run: Run, value: object) -> str:
    """JSON with ``<``, ``>`` and ``&`` escaped, so that it can stand in HTML."""
    return _json(run, value, html=True)


@declare(FUNCTIONS, "mustToPrettyJson", "any", with_run=True)
def _must_to_pretty_json(run: Run, value: object) -> str:
    """The same over several lines, two spaces a level."""
    return _json(run, value, html=True, indent=2)


@declare(FUNCTIONS, "mustToRawJson", "any", with_run=True)
def _must_to_raw_json(run: Run, value: object) -> str:
    """JSON without those escapes."""
    return _json(run, value, html=False)


@declare(FUNCTIONS, "toJson", "any", with_run=True)
def _to_json(run: Run, value: object) -> str:
    """As mustToJson; nothing for a value that JSON cannot hold."""
    return _json(run, value, html=True, otherwise="")


@declare(FUNCTIONS, "toPrettyJson", "any", with_run=True)
def _to_pretty_json(run: Run, value: object) -> str:
    """As mustToPrettyJson; nothing for a value that JSON cannot hold."""
    return _json(run, value, html=True, indent=2, otherwise="")


@declare(FUNCTIONS, "toRawJson", "any", with_run=True)
def _to_raw_json(run: Run, value: object) -> str:
    """As mustToRawJson; nothing for a value that JSON cannot hold."""
    return _json(run, value, html=False, otherwise="")


def _json(run: Run, value: object, *, html: bool, indent: int = 0, otherwise: str | None = None) -> str:
    check_extent(run, value)
    try:
        return dumps(value, html=html, indent=indent)
    except ValueError as error:
        if otherwise is not None:
            return otherwise
        raise GoError(str(error)) from error
