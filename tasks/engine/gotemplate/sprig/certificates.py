"""genCA, genSelfSignedCert, genSignedCert (each also with a key of one's own) and buildCustomCert.

Certificates are good for servers and clients alike; an authority may sign others.
Source: docs/template-language.md, "Certificates".
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tasks.engine.gotemplate.functions import Function, declare
from tasks.engine.gotemplate.golang import GoError, from_bytes, to_bytes
from tasks.engine.gotemplate.sprig.binarytext import BASE64, BadEncoding, decode
from tasks.engine.gotemplate.sprig.privatekeys import PrivateKey, key_text, new_rsa_key, read_key

FUNCTIONS: dict[str, Function] = {}

_KEY_BITS = 2048
_PEM_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\n.*?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, as PEM texts: Go's struct with the fields ``Cert`` and ``Key``."""

    go_type: ClassVar[str] = "sprig.certificate"
    go_kind: ClassVar[str] = "struct"
    go_methods: ClassVar[Mapping[str, Function]] = {}

    cert: str
    key: str

    def go_string(self) -> None:
        return None

    def go_fields(self) -> Mapping[str, object]:
        return {"Cert": self.cert, "Key": self.key}

    def go_json(self) -> object:
        return dict(self.go_fields())


@dataclass(frozen=True, slots=True)
class _Issuer:
    """Who signs: a name, a key, and how to recognise that key."""

    name: x509.Name
    key: PrivateKey
    key_identifier: bytes | None = None


@declare(FUNCTIONS, "genCA", "string", "int", slow=True)
def _authority(common_name: str, days: int) -> Certificate:
    return _self_signed(common_name, [], [], days, new_rsa_key(_KEY_BITS), is_authority=True)


@declare(FUNCTIONS, "genCAWithKey", "string", "int", "string", slow=True)
def _authority_with_key(common_name: str, days: int, key: str) -> Certificate:
    return _self_signed(common_name, [], [], days, read_key(key), is_authority=True)


@declare(FUNCTIONS, "genSelfSignedCert", "string", "list", "list", "int", slow=True)
def _self_signed_certificate(common_name: str, ips: list[object], names: list[object], days: int) -> Certificate:
    return _self_signed(common_name, ips, names, days, new_rsa_key(_KEY_BITS), is_authority=False)


@declare(FUNCTIONS, "genSelfSignedCertWithKey", "string", "list", "list", "int", "string", slow=True)
def _self_signed_with_key(common_name: str, ips: list[object], names: list[object], days: int, key: str) -> Certificate:
    return _self_signed(common_name, ips, names, days, read_key(key), is_authority=False)


@declare(FUNCTIONS, "genSignedCert", "string", "list", "list", "int", Certificate, slow=True)
def _signed_certificate(
    common_name: str, ips: list[object], names: list[object], days: int, authority: Certificate
) -> Certificate:
    return _signed(common_name, ips, names, days, authority, new_rsa_key(_KEY_BITS))


@declare(FUNCTIONS, "genSignedCertWithKey", "string", "list", "list", "int", Certificate, "string", slow=True)
def _signed_with_key(
    common_name: str, ips: list[object], names: list[object], days: int, authority: Certificate, key: str
) -> Certificate:
    return _signed(common_name, ips, names, days, authority, read_key(key))


@declare(FUNCTIONS, "buildCustomCert", "string", "string")
def _given_certificate(certificate: str, key: str) -> Certificate:
    """A certificate and its key from base64 of their PEM texts, both looked at, neither changed."""
    certificate, key = _decoded(certificate, "certificate"), _decoded(key, "private key")
    _read_certificate(certificate)
    read_key(key)
    return Certificate(certificate, key)


def _decoded(text: str, what: str) -> str:
    try:
        return from_bytes(decode(BASE64, to_bytes(text)))
    except BadEncoding as error:
        raise GoError(f"unable to decode base64 {what}") from error


def _read_certificate(text: str) -> x509.Certificate:
    block = _PEM_CERTIFICATE.search(text)
    if block is None:
        raise GoError("unable to decode certificate")
    try:
        return x509.load_pem_x509_certificate(block[0].encode())
    except ValueError as error:
        raise GoError(f"error parsing certificate: {error}") from error


def _self_signed(
    common_name: str, ips: list[object], names: list[object], days: int, key: PrivateKey, *, is_authority: bool
) -> Certificate:
    issuer = _Issuer(_name(common_name), key)
    return _issue(issuer, common_name, _alternatives(ips, names), days, key, is_authority=is_authority)


def _signed(
    common_name: str, ips: list[object], names: list[object], days: int, authority: Certificate, key: PrivateKey
) -> Certificate:
    signer, signing_key = _read_certificate(authority.cert), read_key(authority.key)
    if signer.public_key() != signing_key.public_key():
        raise GoError("error creating certificate: the authority's key does not belong to its certificate")
    try:
        identifier = signer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        identifier = None
    issuer = _Issuer(signer.subject, signing_key, identifier)
    return _issue(issuer, common_name, _alternatives(ips, names), days, key, is_authority=False)


def _issue(
    issuer: _Issuer, common_name: str, alternatives: list[x509.GeneralName], days: int, key: PrivateKey,
    *, is_authority: bool,
) -> Certificate:  # fmt: skip
    if isinstance(issuer.key, dsa.DSAPrivateKey):
        raise GoError("error creating certificate: a DSA key cannot sign certificates")
    now = datetime.now(UTC).replace(microsecond=0)
    subject = _name(common_name)
    try:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + timedelta(days=days))
            .add_extension(_key_usage(is_authority), critical=True)
            .add_extension(_EXTENDED_USAGE, critical=False)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
    except (ValueError, OverflowError) as error:
        raise GoError(f"error creating certificate: {error}") from error
    if is_authority:
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        builder = builder.add_extension(identifier, critical=False)
    if issuer.key_identifier is not None and issuer.name != subject:
        known_by = x509.AuthorityKeyIdentifier(issuer.key_identifier, None, None)
        builder = builder.add_extension(known_by, critical=False)
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=not common_name)
    algorithm = None if isinstance(issuer.key, ed25519.Ed25519PrivateKey) else SHA256()
    certificate = builder.sign(issuer.key, algorithm)
    return Certificate(certificate.public_bytes(Encoding.PEM).decode(), key_text(key))


_EXTENDED_USAGE = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])


def _key_usage(is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=True,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    """The name, of any length: sprig does not hold to the 64 characters of the standard."""
    if not common_name:
        return x509.Name([])
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name, _validate=False)])


def _alternatives(ips: list[object], names: list[object]) -> list[x509.GeneralName]:
    """What else the certificate is good for: host names and addresses. Raises GoError."""
    return [*map(_host_name, names), *map(_address, ips)]


def _host_name(name: object) -> x509.DNSName:
    if not isinstance(name, str):
        raise GoError(f"error processing alternate dns name: {name} is not a string")
    try:
        return x509.DNSName(name)
    except ValueError as error:
        raise GoError(f"error processing alternate dns name: {name}: {error}") from error


def _address(ip: object) -> x509.IPAddress:
    if not isinstance(ip, str):
        raise GoError(f"error parsing ip: {ip} is not a string")
    try:
        address = ipaddress.ip_address(ip)
    except ValueError as error:
        raise GoError(f"error parsing ip: {ip}") from error
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            raise GoError(f"error parsing ip: {ip}: a certificate has no room for a zone")
        return x509.IPAddress(address.ipv4_mapped or address)
    return x509.IPAddress(address)
