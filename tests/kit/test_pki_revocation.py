"""Kit, pki: revocation lists, OCSP, and certificates that are wrong on purpose."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.x509 import ocsp

from kit.pki import (
    Authority,
    CertificateFault,
    CertificateKind,
    Credential,
    Distrust,
    NoStatus,
    NotOurs,
    Person,
    Reason,
    RevocationLists,
    TestPki,
    Trust,
    Untrusted,
    certificate_of,
    handshake,
)
from kit.pki.certificates import Issuer
from kit.pki.ocsp import MAX_REQUEST_BYTES, answer
from kit.pki.revocation import make_list
from tests.kit.test_pki import an_organization, shake_hands
from tests.kit.trust_builders import NOW, STRUCTURE, a_hospital

WALL = datetime(2024, 6, 1, 12, 0, 0, 123, tzinfo=UTC)
DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM


def distrust_of(trust: Trust, credential: Credential, at: datetime = NOW) -> Distrust | None:
    try:
        trust.verify(credential.certificate_der, at)
    except Untrusted as error:
        return error.reason if error.seen and error.expected else None
    return None


def a_new_one(pki: TestPki, name: str) -> Credential:
    return pki.issue(CertificateKind.ORG_AUTH_CLI, common_name=name, struct_idnat=STRUCTURE)


# Lists.


def test_every_authority_signs_a_list_from_the_start(pki: TestPki) -> None:
    for authority in Authority:
        issuer = pki.issuer(authority).certificate
        path = pki.folder / "crl" / f"{authority.slug}.crl"
        found = x509.load_der_x509_crl(path.read_bytes())
        assert found.issuer == issuer.subject
        assert found.is_signature_valid(issuer.public_key())
        assert found.next_update_utc.year == 2049


def test_a_revoked_certificate_is_believed_no_more_by_anyone_at_any_instant(pki: TestPki) -> None:
    credential = a_new_one(pki, "Revoked later")
    elsewhere = TestPki.open(pki.folder).trust  # another process that asked before
    assert distrust_of(elsewhere, credential) is None
    line = pki.revoke(credential.certificate_der, WALL, Reason.KEY_COMPROMISE)
    assert (line.at, line.reason) == (WALL.replace(microsecond=0), Reason.KEY_COMPROMISE)
    for trust in (pki.trust, elsewhere):
        assert distrust_of(trust, credential) is Distrust.REVOKED
        assert distrust_of(trust, credential, datetime(2020, 1, 1, tzinfo=UTC)) is Distrust.REVOKED
    assert distrust_of(pki.trust, a_hospital(pki).auth) is None


def test_a_list_that_changed_counts_at_the_next_question(pki: TestPki) -> None:
    """Who asks twice within one moment is answered from the file as the first question saw it."""
    hospital = a_new_one(pki, "CH DU LENDEMAIN")
    issuer = pki.trust.chain(hospital.certificate)[1]
    serial = hospital.certificate.serial_number
    lists = pki.trust.lists
    assert lists is not None
    of_one_moment = lists.open()
    assert of_one_moment(serial, issuer) is None
    pki.revoke(hospital.certificate, at=NOW)
    assert of_one_moment(serial, issuer) is None
    assert lists.open()(serial, issuer) is not None
    assert distrust_of(pki.trust, hospital) is Distrust.REVOKED


def test_revoking_twice_keeps_the_first_date(pki: TestPki) -> None:
    credential = a_new_one(pki, "Revoked twice")
    first = pki.revoke(credential.certificate, WALL)
    assert pki.revoke(credential.certificate, WALL + timedelta(days=1)) == first


def test_the_list_dates_from_its_latest_line_and_counts_up(pki: TestPki) -> None:
    before = published(pki, Authority.PERSONS)
    person = Person("Médecin", "Perdu", "Carte")
    card = pki.issue(CertificateKind.PS_AUTH, common_name="899900063481", person=person)
    pki.revoke(card.certificate, WALL)
    after = published(pki, Authority.PERSONS)
    assert after.last_update_utc == WALL.replace(microsecond=0)
    assert number_of(after) == number_of(before) + 1


def published(pki: TestPki, authority: Authority) -> x509.CertificateRevocationList:
    path = pki.folder / "crl" / f"{authority.slug}.crl"
    return x509.load_der_x509_crl(path.read_bytes())


def number_of(found: x509.CertificateRevocationList) -> int:
    return found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def test_only_our_certificates_can_be_revoked(pki: TestPki) -> None:
    stranger = an_organization(pki, CertificateFault.OTHER_AUTHORITY)
    for certificate in (stranger.certificate, pki.trust.roots[0]):
        with pytest.raises(NotOurs):
            pki.revoke(certificate, WALL)


def test_an_issuing_authority_can_be_revoked(tmp_path: Path) -> None:
    pki = TestPki.open(tmp_path / "pki")
    credential = a_new_one(pki, "Below a revoked one")
    pki.revoke(pki.issuer(Authority.ORGANIZATIONS).certificate, WALL)
    assert distrust_of(pki.trust, credential) is Distrust.REVOKED


def test_a_folder_from_before_revocation_gets_its_lists(tmp_path: Path) -> None:
    pki = TestPki.open(tmp_path / "pki")
    shutil.rmtree(pki.folder / "crl")
    credential = a_new_one(pki, "x")
    assert distrust_of(pki.trust, credential) is Distrust.UNKNOWN_STATUS
    assert distrust_of(TestPki.open(tmp_path / "pki").trust, credential) is None


BAD_LISTS = [  # content of the bundle
    b"",
    b"no list",
    b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
]


@pytest.mark.parametrize("content", BAD_LISTS)
def test_without_a_readable_list_the_status_is_unknown(pki, tmp_path, content) -> None:
    (tmp_path / "all.pem").write_bytes(content)
    trust = Trust(pki.trust.roots, pki.trust.authorities, RevocationLists(tmp_path / "all.pem"))
    assert distrust_of(trust, a_hospital(pki).auth) is Distrust.UNKNOWN_STATUS


def test_a_list_signed_by_another_key_says_nothing(pki: TestPki, tmp_path: Path) -> None:
    """Who may write the file may not un-revoke: the list must bear its authority's signature."""
    real = pki.issuer(Authority.ORGANIZATIONS)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = make_list(Issuer(real.certificate, other), {})
    (tmp_path / "all.pem").write_bytes(forged.public_bytes(PEM))
    with pytest.raises(NoStatus, match="no revocation list signed by CN=MOCK AC"):
        RevocationLists(tmp_path / "all.pem").find(1, real.certificate)


# Wrong on purpose.

FAULTS = [  # fault, why it is not believed, at which instant
    (CertificateFault.EXPIRED, Distrust.EXPIRED),
    (CertificateFault.NOT_YET_VALID, Distrust.NOT_YET_VALID),
    (CertificateFault.OTHER_AUTHORITY, Distrust.UNKNOWN_AUTHORITY),
    (CertificateFault.REVOKED, Distrust.REVOKED),
    (CertificateFault.WEAK_KEY, Distrust.WEAK_KEY),
    (CertificateFault.WRONG_STRUCTURE, None),
    (CertificateFault.WRONG_USE, None),
]


@pytest.mark.parametrize(("fault", "reason"), FAULTS)
def test_each_fault_is_told(pki: TestPki, fault, reason) -> None:
    assert distrust_of(pki.trust, an_organization(pki, fault)) is reason
    assert {row[0] for row in FAULTS} == set(CertificateFault)


USES = [  # kind, authenticates, signs: as ordered with the wrong use
    (CertificateKind.ORG_AUTH_CLI, False, True),
    (CertificateKind.ORG_SIGN, True, False),
    (CertificateKind.SERV_SSL, True, False),
]


@pytest.mark.parametrize(("kind", "authenticates", "signs"), USES)
def test_a_wrong_use_is_another_one(pki: TestPki, kind, authenticates, signs) -> None:
    fault = CertificateFault.WRONG_USE
    holder = pki.issue(kind, common_name="x", struct_idnat=STRUCTURE, fault=fault).holder
    assert (holder.is_authentication, holder.is_signature) == (authenticates, signs)


def test_a_weak_key_is_short_and_nothing_else(pki: TestPki) -> None:
    weak = an_organization(pki, CertificateFault.WEAK_KEY)
    assert weak.key.key_size == 1024
    assert weak.certificate.subject == an_organization(pki).certificate.subject


def test_certificates_name_loopback_addresses_only(pki: TestPki) -> None:
    hospital = a_hospital(pki).auth.certificate
    points = hospital.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    access = hospital.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    base = "http://localhost:8082/pki"
    assert points[0].full_name[0].value == f"{base}/organizations.crl"
    assert [item.access_location.value for item in access] == [
        f"{base}/ocsp",
        f"{base}/organizations.crt",
    ]
    authority = pki.issuer(Authority.ORGANIZATIONS).certificate
    above = authority.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert above[0].full_name[0].value == f"{base}/root.crl"


# The handshake.


def a_client(pki: TestPki, credential: Credential) -> ssl.SSLContext:
    """A careless client: OpenSSL would not even load a weak key at its usual level."""
    context = pki.client_context()
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.load_cert_chain(credential.chain_path, credential.key_path)
    return context


REFUSED = [  # fault, as OpenSSL numbers it
    (CertificateFault.EXPIRED, 10),
    (CertificateFault.NOT_YET_VALID, 9),
    (CertificateFault.REVOKED, 23),
    (CertificateFault.WRONG_USE, 26),
    (CertificateFault.WEAK_KEY, 66),
]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(("fault", "code"), REFUSED)
def test_the_handshake_refuses_and_knows_whom(pki: TestPki, fault, code, version) -> None:
    credential = an_organization(pki, fault)
    client, server = a_client(pki, credential), pki.server_context("mtls")
    client.maximum_version = version
    seen = []

    class Watched:
        def wrap_socket(self, *args, **options):
            try:
                return server.wrap_socket(*args, **options)
            except ssl.SSLCertVerificationError as error:
                seen.append((error.verify_code, handshake.shown(), handshake.who()))
                raise

    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake_hands(Watched(), client, "localhost")
    number = f"serial {credential.certificate.serial_number:x}"
    assert seen[0][:2] == (code, credential.certificate_der)
    assert f"OU={STRUCTURE}" in seen[0][2]
    assert number in seen[0][2]


def test_a_listener_follows_the_list(pki: TestPki) -> None:
    credential = a_new_one(pki, "Revoked while listening")
    client = pki.client_context(credential)
    listener = TestPki.open(pki.folder)
    assert listener.server_context("mtls") is listener.server_context("mtls")
    assert shake_hands(listener.server_context("mtls"), client, "localhost")
    pki.revoke(credential.certificate, WALL)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake_hands(listener.server_context("mtls"), client, "localhost")
    other = pki.client_context(a_hospital(pki).auth)
    assert shake_hands(listener.server_context("mtls"), other, "localhost")


@pytest.mark.parametrize("message", [b"", b"\x0b", b"\x0b\0\0\1\xff", b"\x0b" + b"\xff" * 40])
def test_a_broken_certificate_message_shows_nothing_of_use(message: bytes) -> None:
    assert len(handshake.first_certificate(message)) <= len(message)


# OCSP.


def ask(pki: TestPki, certificate: x509.Certificate, algorithm=None) -> ocsp.OCSPResponse:
    issuer = pki.issuer(Authority.ORGANIZATIONS).certificate
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        certificate, issuer, algorithm or hashes.SHA1()
    )
    request = builder.add_extension(x509.OCSPNonce(b"0123456789abcdef"), False).build()
    issuers = [pki.issuer(item) for item in Authority]
    return ocsp.load_der_ocsp_response(answer(request.public_bytes(DER), issuers, pki.status, WALL))


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256()])
def test_ocsp_tells_good_and_revoked(pki: TestPki, algorithm) -> None:
    good = ask(pki, a_hospital(pki).auth.certificate, algorithm)
    assert good.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert good.this_update_utc == WALL.replace(microsecond=0)
    assert good.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce.endswith(b"f")
    revoked = ask(pki, an_organization(pki, CertificateFault.REVOKED).certificate, algorithm)
    assert revoked.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert revoked.revocation_time_utc == datetime(2016, 1, 1, tzinfo=UTC)
    assert revoked.revocation_reason is x509.ReasonFlags.key_compromise


def test_ocsp_signs_with_the_issuing_authority(pki: TestPki) -> None:
    found = ask(pki, a_hospital(pki).auth.certificate)
    key = pki.issuer(Authority.ORGANIZATIONS).certificate.public_key()
    key.verify(found.signature, found.tbs_response_bytes, PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        key.verify(found.signature, found.tbs_response_bytes[:-1], PKCS1v15(), hashes.SHA256())


def test_ocsp_does_not_call_good_what_nobody_issued(pki: TestPki) -> None:
    stranger = an_organization(pki, CertificateFault.OTHER_AUTHORITY)
    assert ask(pki, stranger.certificate).certificate_status is ocsp.OCSPCertStatus.UNKNOWN


def test_ocsp_for_another_authority_is_not_authorized(pki: TestPki) -> None:
    stranger = x509.load_pem_x509_certificate(
        (pki.folder / "strangers" / "organizations" / "certificate.pem").read_bytes()
    )
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        a_hospital(pki).auth.certificate, stranger, hashes.SHA1()
    )
    asked = builder.build().public_bytes(DER)
    found = answer(asked, [pki.issuer(item) for item in Authority], pki.status, WALL)
    status = ocsp.load_der_ocsp_response(found).response_status
    assert status is ocsp.OCSPResponseStatus.UNAUTHORIZED


@pytest.mark.parametrize("request_", [b"", b"\x30", b"x" * 5000, b"\x30\x80" * 100])
def test_ocsp_answers_nonsense_as_malformed(pki: TestPki, request_: bytes) -> None:
    found = ocsp.load_der_ocsp_response(answer(request_, [], pki.status, WALL))
    assert found.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    assert MAX_REQUEST_BYTES < 5000


# OpenSSL's command line as a judge.

needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")


def openssl(*arguments: object) -> tuple[int, str]:
    command = ["openssl", *map(str, arguments)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.returncode, found.stdout + found.stderr


VERIFIED = [  # fault, what openssl says
    (None, "OK"),
    (CertificateFault.REVOKED, "certificate revoked"),
    (CertificateFault.EXPIRED, "certificate has expired"),
    (CertificateFault.NOT_YET_VALID, "certificate is not yet valid"),
    (CertificateFault.OTHER_AUTHORITY, "unable to get"),
    (CertificateFault.WRONG_USE, "purpose"),
    (CertificateFault.WEAK_KEY, "key too weak"),
]


@needs_openssl
@pytest.mark.parametrize(("fault", "told"), VERIFIED)
def test_openssl_verifies_the_chain_and_the_lists(pki: TestPki, fault, told) -> None:
    credential = an_organization(pki, fault)
    code, text = openssl(
        "verify", "-crl_check_all", "-x509_strict", "-purpose", "sslclient", "-auth_level", "2",
        "-CAfile", pki.ca_path, "-CRLfile", pki.lists.path, credential.cert_path,
    )  # fmt: skip
    assert (code == 0) is (fault is None), text
    assert told in text


@needs_openssl
def test_openssl_reads_the_published_lists(pki: TestPki) -> None:
    code, text = openssl(
        "crl", "-inform", "DER", "-in", pki.folder / "crl" / "organizations.crl", "-CAfile",
        pki.ca_path, "-noout", "-text",
    )  # fmt: skip
    assert code == 0
    assert "verify OK" in text
    assert "X509v3 Authority Key Identifier" in text


def test_a_certificate_no_library_can_tell_is_unreadable(pki: TestPki) -> None:
    """Two extensions of one kind: the library only notices when it is asked for them."""
    der = a_hospital(pki).sign.certificate_der
    spoilt = der.replace(b"\x06\x03\x55\x1d\x0e", b"\x06\x03\x55\x1d\x23")  # two authority keys
    assert spoilt != der
    with pytest.raises(ValueError, match="parsing"):
        certificate_of(spoilt)
