"""Certificates and keys that templates make: real ones, looked at with the library that others would use."""

import base64
import ipaddress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tasks.engine.gotemplate.golang import GoError
from tasks.engine.gotemplate.sprig.certificates import Certificate
from tests.engine.sprig_calls import call


@pytest.fixture(scope="module")
def authority():
    return call("genCA", "our authority", 365)


def _read(certificate):
    return x509.load_pem_x509_certificate(certificate.cert.encode())


def _extension(certificate, kind):
    return _read(certificate).extensions.get_extension_for_class(kind).value


def test_a_signed_certificate_chains_to_its_authority(authority):
    signed = call("genSignedCert", "web", [], [], 30, authority)
    _read(signed).verify_directly_issued_by(_read(authority))
    assert _extension(signed, x509.AuthorityKeyIdentifier).key_identifier == (
        _extension(authority, x509.SubjectKeyIdentifier).digest
    )


def test_an_authority_may_sign_certificates_and_is_signed_by_itself(authority):
    _read(authority).verify_directly_issued_by(_read(authority))
    assert _extension(authority, x509.BasicConstraints).ca
    assert _extension(authority, x509.KeyUsage).key_cert_sign


def test_a_signed_certificate_is_no_authority(authority):
    signed = call("genSignedCert", "web", [], [], 30, authority)
    assert not _extension(signed, x509.BasicConstraints).ca
    assert not _extension(signed, x509.KeyUsage).key_cert_sign


def test_the_key_belongs_to_the_certificate(authority):
    signed = call("genSignedCert", "web", [], [], 30, authority)
    assert load_pem_private_key(signed.key.encode(), None).public_key() == _read(signed).public_key()


def test_names_and_addresses_are_in_the_certificate():
    made = call("genSelfSignedCert", "web", ["10.0.0.1", "::1", "::ffff:10.0.0.2"], ["a.example", "*.b.example"], 30)
    names = _extension(made, x509.SubjectAlternativeName)
    assert names.get_values_for_type(x509.DNSName) == ["a.example", "*.b.example"]
    assert names.get_values_for_type(x509.IPAddress) == [
        ipaddress.ip_address(address) for address in ("10.0.0.1", "::1", "10.0.0.2")
    ]
    (common_name,) = _read(made).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert common_name.value == "web"


def test_a_certificate_is_good_for_servers_and_clients(authority):
    assert set(_extension(authority, x509.ExtendedKeyUsage)) == {
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.CLIENT_AUTH,
    }


def test_a_certificate_is_valid_from_now_for_so_many_days():
    before = datetime.now(UTC).replace(microsecond=0)
    made = _read(call("genSelfSignedCert", "web", [], [], 7))
    after = datetime.now(UTC)
    assert before <= made.not_valid_before_utc <= after
    assert made.not_valid_after_utc - made.not_valid_before_utc == timedelta(days=7)


@pytest.mark.parametrize("kind", ["ecdsa", "ed25519"])
def test_a_key_of_ones_own_is_used_as_it_is(kind, authority):
    key = call("genPrivateKey", kind)
    for made in (
        call("genCAWithKey", "ca", 1, key),
        call("genSelfSignedCertWithKey", "web", [], [], 1, key),
        call("genSignedCertWithKey", "web", [], [], 1, authority, key),
    ):
        assert made.key == key
        assert _read(made).public_key() == load_pem_private_key(key.encode(), None).public_key()


def test_an_authority_with_a_key_of_another_kind_signs_too():
    authority = call("genCAWithKey", "ca", 1, call("genPrivateKey", "ed25519"))
    signed = call("genSignedCertWithKey", "web", [], [], 1, authority, call("genPrivateKey", "ecdsa"))
    _read(signed).verify_directly_issued_by(_read(authority))


@pytest.mark.parametrize(
    ("kind", "label", "key_class", "bits"),
    [
        ("rsa", "RSA PRIVATE KEY", rsa.RSAPrivateKey, 4096),
        ("", "RSA PRIVATE KEY", rsa.RSAPrivateKey, 4096),
        ("dsa", "DSA PRIVATE KEY", dsa.DSAPrivateKey, 2048),
        ("ecdsa", "EC PRIVATE KEY", ec.EllipticCurvePrivateKey, 256),
        ("ed25519", "PRIVATE KEY", ed25519.Ed25519PrivateKey, None),
    ],
)
def test_a_private_key_is_of_the_kind_asked_for(kind, label, key_class, bits):
    text = call("genPrivateKey", kind)
    assert text.startswith(f"-----BEGIN {label}-----\n")
    key = load_pem_private_key(text.encode(), None)
    assert isinstance(key, key_class)
    assert getattr(key, "key_size", None) == bits


def test_a_given_certificate_comes_back_unchanged(authority):
    given = call(
        "buildCustomCert", *(base64.b64encode(text.encode()).decode() for text in (authority.cert, authority.key))
    )
    assert given == authority


@pytest.mark.parametrize(
    ("certificate", "key"),
    [("!", ""), ("", ""), ("bm90IHBlbQ==", ""), ("{cert}", "!"), ("{cert}", "bm90IHBlbQ=="), ("{cert}", "{cert}")],
)
def test_what_is_no_certificate_or_no_key_is_refused(certificate, key, authority):
    encoded = base64.b64encode(authority.cert.encode()).decode()
    with pytest.raises(GoError):
        call("buildCustomCert", certificate.replace("{cert}", encoded), key.replace("{cert}", encoded))


@pytest.mark.parametrize("ip", ["no address", "10.0.0.256", "fe80::1%eth0", 5])
def test_what_is_no_address_is_refused(ip):
    with pytest.raises(GoError, match="error parsing ip"):
        call("genSelfSignedCert", "web", [ip], [], 1)


@pytest.mark.parametrize("name", ["é.example", 5, None])
def test_what_is_no_host_name_is_refused(name):
    with pytest.raises(GoError, match="alternate dns name"):
        call("genSelfSignedCert", "web", [], [name], 1)


def test_an_authority_whose_key_is_another_ones_signs_nothing(authority):
    broken = Certificate(authority.cert, call("genPrivateKey", "ecdsa"))
    with pytest.raises(GoError, match="does not belong"):
        call("genSignedCert", "web", [], [], 1, broken)


def test_a_dsa_key_signs_nothing():
    with pytest.raises(GoError, match="DSA"):
        call("genCAWithKey", "ca", 1, call("genPrivateKey", "dsa"))


@pytest.mark.parametrize("days", [-1, 10**9])
def test_a_validity_that_no_certificate_can_have_is_refused(days):
    with pytest.raises(GoError, match="creating certificate"):
        call("genCAWithKey", "ca", days, call("genPrivateKey", "ed25519"))


def test_a_certificate_without_a_common_name_has_an_empty_subject():
    made = _read(call("genSelfSignedCert", "", [], ["a.example"], 1))
    assert list(made.subject) == []
    assert made.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical
