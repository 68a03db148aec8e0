"""bcrypt, htpasswd, derivePassword (the Master Password algorithm), encryptAES and decryptAES."""

import base64
import hashlib
import hmac
import secrets

import bcrypt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import GoError, from_bytes, to_bytes
from tasks.engine.gotemplate.sprig.binarytext import BASE64, BadEncoding, decode

FUNCTIONS: dict[str, Function] = {}

_BCRYPT_COST = 10
_LONGEST_FOR_BCRYPT = 72


@declare(FUNCTIONS, "bcrypt", "string", slow=True)
def _hashed(password: str) -> str:
    """The password's bcrypt hash. Kept: for one of more than 72 bytes, the text of the error."""
    whole = to_bytes(password)
    if len(whole) > _LONGEST_FOR_BCRYPT:
        return "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes"
    return bcrypt.hashpw(whole, bcrypt.gensalt(_BCRYPT_COST, prefix=b"2a")).decode()


@declare(FUNCTIONS, "htpasswd", "string", "string", slow=True)
def _htpasswd(user: str, password: str) -> str:
    """A line of a web server's password file. Kept: for a name with a colon, the text of the error."""
    return f"invalid username: {user}" if ":" in user else f"{user}:{_hashed(password)}"


_SEED = b"com.lyndir.masterpassword"
_LONG = """
    CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv CvccCvcvCvcvno CvcvnoCvccCvcv
    CvcvCvccnoCvcv CvcvCvccCvcvno CvcvnoCvcvCvcc CvcvCvcvnoCvcc CvcvCvcvCvccno CvccnoCvccCvcv CvccCvccnoCvcv
    CvccCvccCvcvno CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno CvccnoCvcvCvcc CvccCvcvnoCvcc CvccCvcvCvccno
"""
#: What a password of each type looks like: the first byte of the seed picks one, each letter a set of characters.
_TEMPLATES: dict[str, tuple[str, ...]] = {
    "maximum": ("anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"),
    "long": tuple(_LONG.split()),
    "medium": ("CvcnoCvc", "CvcCvcno"),
    "short": ("Cvcn",),
    "basic": ("aaanaaan", "aannaaan", "aaannaaa"),
    "pin": ("nnnn",),
}
_CHARACTERS: dict[str, str] = {
    "V": "AEIOU",
    "C": "BCDFGHJKLMNPQRSTVWXYZ",
    "v": "aeiou",
    "c": "bcdfghjklmnpqrstvwxyz",
    "A": "AEIOUBCDFGHJKLMNPQRSTVWXYZ",
    "a": "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
    "n": "0123456789",
    "o": "@&%?,=[]_:-+*$#!'^~;()/.",
    "x": "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
}


@declare(FUNCTIONS, "derivePassword", "uint32", "string", "string", "string", "string", slow=True)
def _derived(counter: int, kind: str, password: str, user: str, site: str) -> str:
    """The site's password that follows from a user's one password. Kept: for an unknown type, the text of the error."""
    templates = _TEMPLATES.get(kind)
    if templates is None:
        return f"cannot find password template {kind}"
    salt = _SEED + _measured(user)
    # Memory: 128 * n * r bytes, and as much again in small change.
    key = hashlib.scrypt(to_bytes(password), salt=salt, n=32768, r=8, p=2, maxmem=1 << 26, dklen=64)
    message = _SEED + _measured(site) + counter.to_bytes(4, "big")
    seed = hmac.digest(key, message, "sha256")
    template = templates[seed[0] % len(templates)]
    alphabets = (_CHARACTERS[letter] for letter in template)
    return "".join(characters[byte % len(characters)] for characters, byte in zip(alphabets, seed[1:], strict=False))


def _measured(text: str) -> bytes:
    """The text after its length."""
    whole = to_bytes(text)
    return len(whole).to_bytes(4, "big") + whole


_BLOCK = 16


def _cipher(password: str, start: bytes) -> "Cipher[modes.CBC]":
    """AES-256 with the password itself as the key: cut, or filled up with zeros."""
    return Cipher(algorithms.AES(to_bytes(password)[:32].ljust(32, b"\0")), modes.CBC(start))


@declare(FUNCTIONS, "encryptAES", "string", "string")
def _encrypt(password: str, text: str) -> str:
    """The text encrypted (AES-256-CBC), in base64 after a random first block; nothing for an empty text."""
    whole = to_bytes(text)
    if not whole:
        return ""
    padding = _BLOCK - len(whole) % _BLOCK
    start = secrets.token_bytes(_BLOCK)
    encryptor = _cipher(password, start).encryptor()
    encrypted = encryptor.update(whole + bytes([padding]) * padding) + encryptor.finalize()
    return base64.b64encode(start + encrypted).decode()


@declare(FUNCTIONS, "decryptAES", "string", "string")
def _decrypt(password: str, encrypted: str) -> str:
    """What encryptAES encrypted with the same password; with another one an error or rubbish."""
    if not encrypted:
        return ""
    try:
        whole = decode(BASE64, to_bytes(encrypted))
    except BadEncoding as error:
        raise GoError(str(error)) from error
    if len(whole) <= _BLOCK or len(whole) % _BLOCK:
        raise GoError("what is to be decrypted is no whole number of blocks")
    decryptor = _cipher(password, whole[:_BLOCK]).decryptor()
    text = decryptor.update(whole[_BLOCK:]) + decryptor.finalize()
    if text[-1] > len(text):
        raise GoError("what was decrypted is no text: is it the same password?")
    return from_bytes(text[: len(text) - text[-1]])
