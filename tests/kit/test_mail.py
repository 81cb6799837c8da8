"""The document message: archive and mail, both ways, and hostile ones."""

from __future__ import annotations

import email
import email.policy
import hashlib
import stat
import zipfile
from datetime import UTC, datetime
from io import BytesIO
from xml.etree import ElementTree

import pytest

from kit import cda, mail
from kit.rules import Malformed
from kit.xds import vocabulary as v
from tests.kit.documents import PDF, a_cda, a_pdf_cda
from tests.kit.test_xds import a_lot

AT = datetime(2026, 1, 5, 9, 45, 30, tzinfo=UTC)
SENDER = mail.XdmSender(name="CH D'ESSAI <labo>", software="Essai", software_version="1.0")
FROM = mail.Mailbox("labo.app@ch-essai.formation.mssante.fr", "CH d'Essai – Labo")
TO = mail.Mailbox("alix.testeur@medecin.formation.mssante.fr")
ID = "<01J0@ch-essai.formation.mssante.fr>"


def an_archive() -> bytes:
    documents = [
        (cda.entry_from_cda(content, entry_uuid=f"Document{number:02}"), content)
        for number, content in enumerate((a_cda(), a_pdf_cda()), 1)
    ]
    return mail.pack_xdm(documents, a_lot(), sender=SENDER, at=AT)


def a_message(**changes: object) -> bytes:
    arguments: dict[str, object] = {
        "subject": mail.document_subject("Compte rendu hospitalier été", "ESSAI", "ALIX"),
        "body": "Bonjour,\nvoici le compte rendu.\n.\n",
        "message_id": ID,
        "date": AT,
        "archive": an_archive(),
        "pdf_copies": (mail.PdfCopy("20260105_CR_ESSAI_ALIX.pdf", PDF),),
        "x_mss": mail.x_mss_headers([cda.read_header(a_cda())], nil="TEST000001"),
        "other_headers": {"Disposition-Notification-To": FROM.address},
    }
    return mail.build_document_message(FROM, [TO], **(arguments | changes))  # type: ignore[arg-type]


def test_the_archive_is_the_same_twice_and_read_as_packed() -> None:
    data = an_archive()
    assert an_archive() == data
    archive = mail.unpack_xdm(data)
    assert [document.content for document in archive.documents] == [a_cda(), a_pdf_cda()]
    assert all(d.has_stated_hash and d.has_stated_size for d in archive.documents)
    assert archive.submission.lot == a_lot()
    assert [link.kind for link in archive.submission.associations] == [v.HAS_MEMBER] * 2


def test_a_changed_document_does_not_have_its_stated_hash() -> None:
    changed = _rewritten(an_archive(), {"IHE_XDM/SUBSET01/DOC0001.XML": b"<other/>"})
    document = mail.unpack_xdm(changed).documents[0]
    assert not document.has_stated_hash
    assert not document.has_stated_size


def test_an_absent_document_is_told_apart() -> None:
    lost = _rewritten(an_archive(), {"IHE_XDM/SUBSET01/DOC0001.XML": None})
    document = mail.unpack_xdm(lost).documents[0]
    assert (document.file, document.content, document.has_stated_size) == (None, b"", False)


def _rewritten(data: bytes, changes: dict[str, bytes | None]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            content = changes.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return buffer.getvalue()


def test_lower_case_names_and_several_subsets_are_read() -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(an_archive())) as old, zipfile.ZipFile(buffer, "w") as new:
        for subset in ("SUBSET", "subset02"):
            for name in old.namelist():
                if "/" in name:
                    target = name.replace("SUBSET01", subset).lower()
                    new.writestr(target.replace("/", "\\") if subset == "SUBSET" else target,
                                 old.read(name))  # fmt: skip
        new.writestr("__MACOSX/IHE_XDM/SUBSET/._METADATA.XML", b"\0")
        new.writestr(zipfile.ZipInfo("IHE_XDM/empty/"), b"")
        new.writestr("IHE_XDM/Thumbs.db", b"x")
    archive = mail.unpack_xdm(buffer.getvalue())
    assert [subset.name for subset in archive.subsets] == ["subset", "subset02"]
    assert len(archive.documents) == 4
    assert all(document.has_stated_hash for document in archive.documents)
    assert len(archive.files) == 6


def a_zip(*members: tuple[zipfile.ZipInfo | str, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def a_link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("IHE_XDM/link")
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def encrypted() -> bytes:
    data = bytearray(a_zip(("IHE_XDM/secret", b"x")))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    data[6] |= 1
    return bytes(data)


def lzma_packed() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("IHE_XDM/x", b"x" * 100)
    return buffer.getvalue()


def damaged() -> bytes:
    data = bytearray(a_zip(("IHE_XDM/SUBSET01/METADATA.XML", b"hello world, hello")))
    data[45 + len("IHE_XDM/")] ^= 0xFF
    data[62] ^= 0xFF
    return bytes(data)


with pytest.warns(UserWarning, match="Duplicate name"):
    TWICE = a_zip(("IHE_XDM/a", b"1"), ("IHE_XDM/a", b"2"))

HOSTILE = [
    ("no zip at all", b"PK\x05\x06", "zip"),
    ("empty", a_zip(), "METADATA"),
    ("damaged", damaged(), ""),
    ("traversal", a_zip(("IHE_XDM/../../etc/passwd", b"x")), "stays in the archive"),
    ("traversal with backslashes", a_zip(("IHE_XDM\\..\\..\\x", b"x")), "stays in the archive"),
    ("absolute", a_zip(("/etc/passwd", b"x")), "relative"),
    ("drive", a_zip(("C:/x", b"x")), "relative"),
    ("twice", TWICE, "used once"),
    ("twice but for the case", a_zip(("IHE_XDM/a", b"1"), ("ihe_xdm/A", b"2")), "used once"),
    ("link", a_zip((a_link(), b"/etc/passwd")), "not a link"),
    ("encrypted", encrypted(), "not encrypted"),
    ("lzma", lzma_packed(), "deflate"),
    ("bomb", a_zip(("IHE_XDM/zeros", b"\0" * 4_000_000)), "times its size"),
    ("many members", a_zip(*((f"m{n}", b"") for n in range(1001))), "members"),
    ("metadata is no xml", a_zip(("IHE_XDM/SUBSET01/METADATA.XML", b"x")), "XML"),
    ("metadata is another root", a_zip(("IHE_XDM/S/METADATA.XML", b"<x/>")), "expected"),
]


@pytest.mark.parametrize(
    ("data", "rule"), [row[1:] for row in HOSTILE], ids=[r[0] for r in HOSTILE]
)
def test_a_hostile_archive_is_malformed(data: bytes, rule: str) -> None:
    with pytest.raises(Malformed) as caught:
        mail.unpack_xdm(data)
    assert rule in str(caught.value)


def test_the_total_size_is_bounded() -> None:
    limits = mail.XdmLimits(total_bytes=1_000)
    with pytest.raises(Malformed, match="at most 1000"):
        mail.unpack_xdm(an_archive(), limits)


def test_the_message_is_the_same_twice_and_read_as_built() -> None:
    data = a_message()
    assert a_message() == data
    message = mail.read_message(data)
    assert message.sender == FROM
    assert message.recipients == (TO,)
    assert message.subject == "XDM/1.0/DDM+Compte rendu hospitalier été ESSAI ALIX"
    assert mail.visible_subject(message.subject) == "Compte rendu hospitalier été ESSAI ALIX"
    assert message.x_mss == {
        "X-MSS-CODECDA": "11490-0",
        "X-MSS-INS": "O",
        "X-MSS-NIL": "TEST000001",
    }
    assert (message.message_id, message.date) == (ID, AT)
    assert message.header("disposition-notification-to") == FROM.address
    assert message.body.splitlines() == ["Bonjour,", "voici le compte rendu.", "."]
    assert message.xdm is not None
    assert message.xdm.documents[0].content == a_cda()
    assert [part.content_type for part in message.parts] == [
        "text/plain",
        "application/zip",
        "application/pdf",
    ]
    assert message.parts[2].content == PDF
    assert message.defects == ()


def test_the_wire_obeys_the_rules_of_mail() -> None:
    data = a_message()
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert data.isascii()
    assert b"=?utf-8?" in data.partition(b"\r\n\r\n")[0]


def test_the_library_of_the_language_reads_the_same() -> None:
    """An independent judge: the older parser, without our reader."""
    message = email.message_from_bytes(a_message())
    _, archive, copy = message.get_payload()  # type: ignore[misc]
    assert message.get_content_type() == "multipart/mixed"
    assert archive.get_filename() == archive.get_param("name") == "IHE_XDM.zip"
    assert copy.get_payload(decode=True) == PDF
    with zipfile.ZipFile(BytesIO(archive.get_payload(decode=True))) as opened:
        assert opened.testzip() is None


def test_a_message_without_documents_is_plain() -> None:
    x_mss = mail.x_mss_headers([], nil="TEST000001", forbids_answer=True)
    message = mail.read_message(a_message(archive=None, pdf_copies=(), x_mss=x_mss))
    assert message.x_mss == {"X-MSS-NIL": "TEST000001", "X-MSS-MES": "FIN"}
    assert (message.xdm, message.xdm_problem) == (None, None)


def test_an_archive_is_known_by_its_name_in_any_case() -> None:
    data = a_message()
    assert mail.read_message(data.replace(b"IHE_XDM.zip", b"ihe_xdm.ZIP")).xdm is not None
    renamed = mail.read_message(data.replace(b"IHE_XDM.zip", b"ihe-xdm.zip"))
    assert (renamed.xdm, renamed.xdm_problem) == (None, None)


def test_a_bad_archive_is_told_and_the_message_still_read() -> None:
    message = mail.read_message(a_message(archive=b"PK not"))
    assert message.xdm is None
    assert message.xdm_problem is not None
    assert message.subject.startswith("XDM/1.0/DDM+")


INJECTIONS = [
    {"subject": "a\r\nBcc: x@y.test"},
    {"message_id": "<a>\nX: y"},
    {"x_mss": {"X-MSS-NIL": "a\rb"}},
    {"other_headers": {"X\nY": "z"}},
]


@pytest.mark.parametrize("changes", INJECTIONS)
def test_a_line_break_in_a_header_is_never_written(changes: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        a_message(**changes)


def test_a_line_break_in_an_address_is_never_written() -> None:
    with pytest.raises(Malformed):
        mail.build_document_message(
            mail.Mailbox("a@b.test", "x\r\nBcc: y@z.test"), [TO], subject="s", body="b",
            message_id=ID, date=AT,
        )  # fmt: skip


def test_unsafe_and_repeated_headers_are_told() -> None:
    wire = (
        b"From: a@b.test\r\nFrom: c@d.test\r\nSubject: =?utf-8?q?a=0D=0ABcc=3A_x?=\r\n"
        b"X-MSS-NIL: 1\r\nX-MSS-NIL: 2\r\nDate: never\r\nTo: <<>,;:@\r\n\r\nbody\r\n"
    )
    message = mail.read_message(wire)
    assert "from: given 2 times" in message.defects
    assert "x-mss-nil: given 2 times" in message.defects
    assert "subject: holds a control character" in message.defects
    assert message.date is None
    assert message.body == "body\r\n"


def nested(depth: int) -> bytes:
    head = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
        for n in range(depth)
    )
    return b"MIME-Version: 1.0\r\n" + head + b"Content-Type: text/plain\r\n\r\nx\r\n"


def wide(parts: int) -> bytes:
    part = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"
    head = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    return head + part * parts + b"--b--\r\n"


def forwarded(depth: int) -> bytes:
    return b"MIME-Version: 1.0\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * depth + b"x: y\r\n"


@pytest.mark.parametrize(
    "wire", [nested(12), nested(2_000), wide(101), forwarded(12), forwarded(9_000)]
)
def test_a_message_beyond_the_bounds_is_malformed(wire: bytes) -> None:
    with pytest.raises(Malformed):
        mail.read_message(wire)


def test_a_message_too_large_is_malformed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.mail.message.MAX_MESSAGE_BYTES", 10)
    with pytest.raises(Malformed, match="at most 10"):
        mail.read_message(a_message())


@pytest.mark.parametrize("wire", [b"", b"\xff\xfe\x00", b"no header", b": x\r\n\r\n", b"A" * 5000])
def test_noise_is_read_as_a_message_without_sender(wire: bytes) -> None:
    message = mail.read_message(wire)
    assert message.sender is None


def test_the_name_of_a_copy_is_plain() -> None:
    name = mail.pdf_file_name("20260105", "CR-BIO", "ÉTÉ D'ESSAI", "Zoé/..", "7")
    assert name == "20260105_CR-BIO_ETE-D-ESSAI_Zoe_7.pdf"


def test_metadata_state_the_sha1_and_size_of_the_file() -> None:
    """An independent walk over the archive: zipfile and ElementTree only."""
    with zipfile.ZipFile(BytesIO(an_archive())) as opened:
        root = ElementTree.fromstring(opened.read("IHE_XDM/SUBSET01/METADATA.XML"))
        rim = "{urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0}"
        for entry in root.iter(f"{rim}ExtrinsicObject"):
            slots = {
                slot.get("name"): slot.findtext(f"{rim}ValueList/{rim}Value")
                for slot in entry.iter(f"{rim}Slot")
            }
            content = opened.read(f"IHE_XDM/SUBSET01/{slots['URI']}")
            assert slots["hash"] == hashlib.sha1(content).hexdigest()
            assert slots["size"] == str(len(content))
            assert "repositoryUniqueId" not in slots
