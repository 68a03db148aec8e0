"""The functions of sprig 3.3, the library that Go's template authors take for granted.

One module a group, each with its own table; ``FUNCTIONS`` is all of them by name. ``fromJson`` and ``mustFromJson``
are µTask's (``utask.py``), which hides sprig's.
"""

from tasks.engine.gotemplate.functions import Function
from tasks.engine.gotemplate.sprig import (
    arithmetic,
    casing,
    certificates,
    conversion,
    dates,
    defaults,
    dicts,
    encoding,
    environment,
    floats,
    hashes,
    intlists,
    lists,
    merging,
    passwords,
    paths,
    privatekeys,
    randoms,
    reflection,
    regex,
    semver,
    strings,
    textlists,
    url,
)

__all__ = ["FUNCTIONS"]

_GROUPS = (
    arithmetic, casing, certificates, conversion, dates, defaults, dicts, encoding, environment, floats, hashes,
    intlists, lists, merging, passwords, paths, privatekeys, randoms, reflection, regex, semver, strings, textlists,
    url,
)  # fmt: skip

#: Every function of sprig by the name a template calls it.
FUNCTIONS: dict[str, Function] = {name: function for group in _GROUPS for name, function in group.FUNCTIONS.items()}
