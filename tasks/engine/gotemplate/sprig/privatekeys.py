"""Private keys: made, written as PEM text under the names that OpenSSL gave the kinds, and read back."""

import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import GoError

FUNCTIONS: dict[str, Function] = {}

PrivateKey = rsa.RSAPrivateKey | dsa.DSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_BLOCK = re.compile(r"-----BEGIN ([^-\n]*)-----\n.*?-----END \1-----", re.DOTALL)
_LABELS = frozenset({"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY"})


@declare(FUNCTIONS, "genPrivateKey", "string", slow=True)
def _generate(kind: str) -> str:
    """A new key as PEM text: ``rsa`` (also for an empty kind), ``dsa``, ``ecdsa``, ``ed25519``.

    Kept: for an unknown kind, the text of the error.
    """
    key: PrivateKey
    match kind:
        case "" | "rsa":
            key = new_rsa_key(4096)
        case "dsa":
            key = dsa.generate_private_key(2048)  # the kind asked for, at the size sprig gives it
        case "ecdsa":
            key = ec.generate_private_key(ec.SECP256R1())
        case "ed25519":
            key = ed25519.Ed25519PrivateKey.generate()
        case _:
            return f"Unknown type {kind}"
    return key_text(key)


def new_rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """A new RSA key of that length."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def key_text(key: PrivateKey) -> str:
    """The key as PEM text: PKCS#8 for Ed25519, the older form of its kind for the others."""
    is_modern = isinstance(key, ed25519.Ed25519PrivateKey)
    form = PrivateFormat.PKCS8 if is_modern else PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def read_key(text: str) -> PrivateKey:
    """The first key in the PEM text. Raises GoError."""
    block = _BLOCK.search(text)
    if block is None:
        raise GoError("parsing private key: no PEM data in input")
    if block[1] not in _LABELS:
        raise GoError(f"parsing private key: no private key data in PEM block of type {block[1]}")
    try:
        key = load_pem_private_key(block[0].encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise GoError(f"parsing private key: {error}") from error
    if not isinstance(key, PrivateKey):
        raise GoError("parsing private key: it is of a kind that certificates are not made for")
    return key
