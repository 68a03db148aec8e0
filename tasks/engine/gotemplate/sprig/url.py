"""urlParse and urlJoin: a URL as a dict of its parts, and back."""

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import GoError, from_bytes, kind, to_bytes
from tasks.engine.gotemplate.sprig.webaddresses import InvalidUrl, Url, join_url, parse_url

FUNCTIONS: dict[str, Function] = {}


@declare(FUNCTIONS, "urlParse", "string")
def _parse(text: str) -> dict[str, object]:
    """The parts by name, each a text, empty where there is none; ``host`` has the port, ``hostname`` has not."""
    url = _parsed(text)
    return {
        "scheme": from_bytes(url.scheme),
        "host": from_bytes(url.host),
        "hostname": from_bytes(url.hostname),
        "path": from_bytes(url.path),
        "query": from_bytes(url.query),
        "opaque": from_bytes(url.opaque),
        "fragment": from_bytes(url.fragment),
        "userinfo": from_bytes(url.userinfo),
    }


@declare(FUNCTIONS, "urlJoin", "dict")
def _join(parts: dict[str, object]) -> str:
    userinfo = _part(parts, "userinfo")
    url = Url(
        scheme=to_bytes(_part(parts, "scheme")),
        opaque=to_bytes(_part(parts, "opaque")),
        user=_parsed(f"proto://{userinfo}@host").user if userinfo else None,
        host=to_bytes(_part(parts, "host")),
        path=to_bytes(_part(parts, "path")),
        query=to_bytes(_part(parts, "query")),
        fragment=to_bytes(_part(parts, "fragment")),
    )
    return from_bytes(join_url(url))


def _parsed(text: str) -> Url:
    try:
        return parse_url(to_bytes(text))
    except InvalidUrl as error:
        raise GoError(f'unable to parse url: parse "{text}": {error}') from error


def _part(parts: dict[str, object], name: str) -> str:
    value = parts.get(name, "")
    if kind(value) != "string":
        raise GoError(f"unable to parse {name} key, must be of type string, but {kind(value)} found")
    return str(value)
