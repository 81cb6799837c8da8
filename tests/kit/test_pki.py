"""Kit, pki: shapes of the certificates, files, two processes at once, TLS on the wire."""

from __future__ import annotations

import socket
import ssl
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID

from kit.pki import (
    CertificateFault,
    CertificateKind,
    Credential,
    Distrust,
    TestPki,
    Trust,
    Untrusted,
    certificate_of,
    common_name,
    holder_of,
    is_authentication_certificate,
    is_signature_certificate,
    issuer_common_name,
    organizational_units,
    same_name,
    struct_idnat,
    subject_dn,
)
from kit.pki.certificates import Issuer, Wish, make_certificate
from kit.settings import Settings
from tests.kit.trust_builders import NOW, RPPS, STRUCTURE, AnEstablishment, a_card, a_hospital

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = (
    "CN=CH de l'Île\\, Nord,OU=10B0172805,O=CH de l'Île\\, Nord,ST=Ille-et-Vilaine (35),C=FR"
)


def an_organization(pki: TestPki, fault: CertificateFault | None = None) -> Credential:
    return pki.issue(
        CertificateKind.ORG_AUTH_CLI,
        common_name="Clinique",
        organization="Clinique",
        struct_idnat=STRUCTURE,
        department="Sarthe (72)",
        fault=fault,
    )


def test_a_hospital_has_the_usual_three_certificates(pki: TestPki) -> None:
    hospital = a_hospital(pki)
    assert subject_dn(hospital.auth.certificate) == PUBLISHED
    assert subject_dn(hospital.sign.certificate) == PUBLISHED
    assert common_name(hospital.insi.certificate) == "INSI-AUTO"
    manual = pki.establishment(AnEstablishment(), insi="INSI-MANU")
    assert common_name(manual.insi.certificate) == "INSI-MANU"
    for credential in (hospital.auth, hospital.sign, hospital.insi):
        assert struct_idnat(credential.certificate_der) == STRUCTURE
        assert organizational_units(credential.certificate_der) == (STRUCTURE,)
        issuer = issuer_common_name(credential.certificate_der)
        assert issuer == "MOCK AC IGC-SANTE ELEMENTAIRE ORGANISATIONS"


PURPOSES = [  # certificate, signs, authenticates
    (lambda pki: a_hospital(pki).auth, False, True),
    (lambda pki: a_hospital(pki).insi, False, True),
    (lambda pki: a_hospital(pki).sign, True, False),
    (lambda pki: a_card(pki), True, False),
    (lambda pki: a_card(pki, CertificateKind.PS_AUTH), False, True),
    (lambda pki: pki.server(), False, False),
]


@pytest.mark.parametrize(("credential", "signs", "authenticates"), PURPOSES)
def test_what_a_key_is_for_can_be_told(pki, credential, signs, authenticates) -> None:
    certificate = credential(pki).certificate
    assert is_signature_certificate(certificate) is signs
    assert is_authentication_certificate(certificate) is authenticates


def test_a_card_names_a_person_and_no_structure(pki: TestPki) -> None:
    holder = holder_of(a_card(pki).certificate_der)
    assert (holder.common_name, holder.struct_idnat) == (RPPS, "")
    assert len(a_card(pki).certificate.subject.rdns[2]) == 3
    assert issuer_common_name(a_card(pki).certificate) == "MOCK AC IGC-SANTE FORT PERSONNES"


def test_a_certificate_of_the_authority_itself_has_no_use_of_its_own(pki: TestPki) -> None:
    root = pki.trust.roots[0]
    assert not is_signature_certificate(root)
    assert not is_authentication_certificate(root)
    assert root.subject.rfc4514_string().endswith("O=TESTBED,C=FR")


def test_serial_numbers_are_positive_and_differ(pki: TestPki) -> None:
    hospital = a_hospital(pki)
    serials = {item.certificate.serial_number for item in (hospital.auth, hospital.sign)}
    assert len(serials) == 2
    assert min(serials) > 0


def test_asking_twice_gives_the_same_certificate(pki: TestPki) -> None:
    again = TestPki.open(pki.folder)
    assert again.trust.roots == pki.trust.roots
    assert again.trust.authorities == pki.trust.authorities
    assert a_hospital(again).sign == a_hospital(pki).sign
    assert an_organization(again).certificate != a_hospital(again).auth.certificate


def test_the_files_are_those_software_expects(tmp_path: Path) -> None:
    pki = TestPki.open(tmp_path / "pki", Settings(pkcs12_password="secret-of-a-test"))
    auth = a_hospital(pki).auth
    key, certificate, chain = pkcs12.load_key_and_certificates(
        auth.p12_path.read_bytes(), b"secret-of-a-test"
    )
    assert key is not None
    assert certificate == auth.certificate
    assert [common_name(item) for item in chain] == ["MOCK AC IGC-SANTE ELEMENTAIRE ORGANISATIONS"]
    assert auth.chain == (auth.certificate, *chain)
    assert x509.load_pem_x509_certificate(auth.cert_path.read_bytes()) == auth.certificate
    assert stat.S_IMODE(auth.key_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(auth.p12_path.stat().st_mode) == 0o600


RACE = """
import sys
from pathlib import Path
from kit.pki import TestPki, CertificateKind
pki = TestPki.open(Path(sys.argv[1]))
made = [pki.issue(CertificateKind.ORG_SIGN, common_name=f"C{n}") for n in range(3)]
print([c.certificate.serial_number for c in made], pki.trust.roots[0].serial_number)
"""


def test_two_processes_at_once_make_one_authority(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RACE, str(tmp_path / "pki")]
    running = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    seen = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert seen[0] == seen[1] != ""
    assert not list((tmp_path / "pki").rglob(".new-*"))


def test_threads_at_once_make_one_certificate(pki: TestPki) -> None:
    made: list[Credential] = []

    def make() -> None:
        made.append(TestPki.open(pki.folder).issue(CertificateKind.ORG_SIGN, common_name="Threads"))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({credential.certificate for credential in made}) == 1


TRUST = [  # fault, instant, why it is not believed
    (None, NOW, None),
    (None, datetime(2016, 1, 1, tzinfo=UTC), None),
    (None, datetime(2048, 1, 1, tzinfo=UTC), None),
    (None, datetime(2014, 1, 1, tzinfo=UTC), Distrust.NOT_YET_VALID),
    (CertificateFault.EXPIRED, NOW, Distrust.EXPIRED),
    (CertificateFault.EXPIRED, datetime(2015, 6, 1, tzinfo=UTC), None),
    (CertificateFault.NOT_YET_VALID, NOW, Distrust.NOT_YET_VALID),
    (CertificateFault.OTHER_AUTHORITY, NOW, Distrust.UNKNOWN_AUTHORITY),
    (CertificateFault.WRONG_STRUCTURE, NOW, None),
]


@pytest.mark.parametrize(("fault", "at", "distrust"), TRUST)
def test_trust_says_why(pki: TestPki, fault, at, distrust) -> None:
    credential = an_organization(pki, fault)
    if distrust is None:
        assert len(pki.trust.verify(credential.certificate_der, at)) == 3
    else:
        with pytest.raises(Untrusted) as error:
            pki.trust.verify(credential.certificate_der, at)
        assert error.value.reason is distrust
        assert error.value.expected


def test_a_stranger_bears_the_names_of_our_authority(pki: TestPki) -> None:
    stranger = an_organization(pki, CertificateFault.OTHER_AUTHORITY)
    assert stranger.certificate.issuer == an_organization(pki).certificate.issuer


def test_a_wrong_structure_differs_by_its_ou_only(pki: TestPki) -> None:
    wrong = an_organization(pki, CertificateFault.WRONG_STRUCTURE)
    assert struct_idnat(wrong.certificate) not in ("", STRUCTURE)
    assert common_name(wrong.certificate) == "Clinique"


def test_a_certificate_that_may_not_issue_is_no_authority(pki: TestPki) -> None:
    """A hospital that signs certificates with its seal: the signature is good, the chain is not."""
    sign = a_hospital(pki).sign
    wish = Wish(CertificateKind.ORG_AUTH_CLI, "Pirate", struct_idnat=STRUCTURE)
    issued = make_certificate(wish, Issuer(sign.certificate, sign.key)).certificate
    issued.verify_directly_issued_by(sign.certificate)
    trust = Trust(pki.trust.roots, (*pki.trust.authorities, sign.certificate))
    with pytest.raises(Untrusted) as error:
        trust.verify(issued, NOW)
    assert error.value.reason is Distrust.UNKNOWN_AUTHORITY


def test_bytes_that_are_no_certificate_raise_value_error() -> None:
    with pytest.raises(ValueError, match="parsing"):
        certificate_of(b"not a certificate")


NAMES = [  # a way to write the name, whether it is the same
    (PUBLISHED, True),
    (", ".join(reversed(PUBLISHED.replace("\\, ", "_").split(","))).replace("_", "\\, "), True),
    (PUBLISHED.replace("ST=", "S="), True),
    (PUBLISHED.replace("ST=", "2.5.4.8="), True),
    (PUBLISHED.replace("ST=", "OID.2.5.4.8="), True),
    (PUBLISHED.replace("CN=CH de l'Île\\, Nord", 'CN="CH de l\'Île, Nord"'), True),
    (PUBLISHED.replace("Î", "\\C3\\8E"), True),
    (PUBLISHED.replace("OU=10B0172805", "OU=10B0172806"), False),
    (PUBLISHED.replace("OU=10B0172805,", ""), False),
    (PUBLISHED + ",DC=more", False),
    ("CN=#zz", False),
    ("a hospital", False),
    ("", False),
]


@pytest.mark.parametrize(("text", "same"), NAMES)
def test_distinguished_names_are_compared_part_by_part(text: str, same: bool) -> None:
    assert same_name(text, PUBLISHED) is same


def test_a_card_is_recognised_as_java_writes_its_name(pki: TestPki) -> None:
    card = a_card(pki)
    written = f"2.5.4.42=#0c064175726f7265+CN={RPPS}+SURNAME=Testeuse,T=Médecin,C=FR"
    assert same_name(written, card.holder.subject)


# TLS, on the loopback.


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> bytes:
    """What the server sees of the client: its certificate (DER), or nothing."""
    near, far = socket.socketpair()
    seen: list[bytes | None] = []

    def serve() -> None:
        try:
            with server.wrap_socket(far, server_side=True) as secure:
                seen.append(secure.getpeercert(binary_form=True))
                secure.sendall(secure.cipher()[0].encode())
        except OSError:
            far.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(near, server_hostname=name) as secure:
            if not secure.recv(100):
                raise ConnectionError("closed by the server")
    finally:
        near.close()
        thread.join()
    return seen[0] or b""


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "dmp", "mssante"])
def test_one_way_tls_needs_no_client_certificate(pki: TestPki, name: str) -> None:
    assert shake_hands(pki.server_context("tls"), pki.client_context(), name) == b""


def test_mutual_tls_shows_the_client_certificate(pki: TestPki) -> None:
    auth = a_hospital(pki).auth
    seen = shake_hands(pki.server_context("mtls"), pki.client_context(auth), "localhost")
    assert seen == auth.certificate_der


def test_an_optional_certificate_is_shown_when_there_is_one(pki: TestPki) -> None:
    auth = a_hospital(pki).auth
    server = pki.server_context("optional")
    assert shake_hands(server, pki.client_context(), "localhost") == b""
    assert shake_hands(server, pki.client_context(auth), "localhost") == auth.certificate_der


REFUSED = [
    lambda pki: None,
    lambda pki: an_organization(pki, CertificateFault.EXPIRED),
    lambda pki: an_organization(pki, CertificateFault.OTHER_AUTHORITY),
    lambda pki: a_hospital(pki).sign,
    lambda pki: pki.server(),
]


@pytest.mark.parametrize("credential", REFUSED)
def test_mutual_tls_refuses(pki: TestPki, credential) -> None:
    client = pki.client_context(credential(pki))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake_hands(pki.server_context("mtls"), client, "localhost")


def test_a_client_checks_name_and_authority(pki: TestPki) -> None:
    server = pki.server_context("tls")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(server, pki.client_context(), "elsewhere.test")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(server, ssl.create_default_context(), "localhost")


def test_old_tls_and_other_suites_are_not_offered(pki: TestPki) -> None:
    context = pki.server_context("mtls")
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    older = [item["name"] for item in context.get_ciphers() if item["protocol"] == "TLSv1.2"]
    assert len(older) == 4
    assert all(name.startswith("ECDHE-RSA-") for name in older)


def test_names_in_the_settings_enter_the_server_certificate(pki: TestPki) -> None:
    settings = Settings(server_names=("banc.test", "127.0.0.1"))
    server = TestPki.open(pki.folder, settings).server().certificate
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "banc.test"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    usage = server.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]
