#!/usr/bin/env python3
"""Makes a login name of a name: ``login-name.py Zoë "Müller Díaz"`` prints ``{"login": "zmullerdiaz"}``.

A script is any executable of this folder. Its last line is its output, a JSON object; exit code 0 means success.
"""

import json
import sys
import unicodedata

#: Letters that Unicode does not take apart into a base letter and a mark.
SPELLED = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "þ": "th"})
LONGEST = 20


def plain(name: str) -> str:
    """The name in letters from a to z."""
    parts = unicodedata.normalize("NFKD", name.lower().translate(SPELLED))
    return "".join(letter for letter in parts if "a" <= letter <= "z")


def main(first: str, last: str) -> int:
    """Print the login name; exit code 3 where no letter is left to make one of."""
    if not plain(last):
        print(f"no login name can be made of {first} {last}")
        return 3
    print(json.dumps({"login": (plain(first)[:1] + plain(last))[:LONGEST]}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
