"""Load tests, mails: document messages written before the start.

Not here: the other payloads (payloads), sending (mail_client).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kit import cda, mail, xds
from kit.identity import completed_date
from kit.xds.tables import CONTENT_TYPE_SYSTEM
from loadtests.payloads import IDAM, SOFTWARE, VERSION, Writer
from mocks.mssante.messages.mailboxes import application_mailbox
from simulator.documents import ClinicalDocument, StayFacts
from simulator.streams import oid, uuid

FULL_STAY = xds.Coded("03", CONTENT_TYPE_SYSTEM, "Hospitalisation complète")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to submit."""

    sender: str
    recipient: str
    message_id: str
    content: bytes


def write_mails(writer: Writer, count: int) -> Iterator[Mail]:
    """Letters to doctors of town, each with its document as IHE_XDM.zip."""
    for number in range(count):
        yield write_mail(writer, number)


def write_mail(writer: Writer, number: int) -> Mail:
    """Letter ``number``."""
    document, facts = writer.document("mail", number)
    stream = writer.stream("mail-lot", number)
    place, doctor, patient = writer.hospital.place, facts.attending_doctor, facts.patient.traits
    assert doctor is not None
    sender, recipient = application_mailbox(place), doctor.mailbox.lower()
    message_id = f"<{uuid(stream)}@{place.mssante_domain}>"
    born_on = "/".join(reversed(completed_date(patient.birth_date).split("-")))
    content = mail.build_document_message(
        mail.Mailbox(sender, place.name),
        [mail.Mailbox(recipient, f"{doctor.given} {doctor.family}")],
        subject=mail.document_subject(
            document.title, patient.birth_name, patient.first_names[0], born_on
        ),
        body="Un document vous est adressé.\n",
        message_id=message_id,
        date=writer.now,
        archive=_archive(writer, stream, document, facts),
        x_mss=mail.x_mss_headers([cda.read_header(document.cda)], nil=IDAM),
    )
    return Mail(sender, recipient, message_id, content)


def _archive(
    writer: Writer, stream: np.random.Generator, document: ClinicalDocument, facts: StayFacts
) -> bytes:
    place = writer.hospital.place
    lot = xds.SubmissionSet(
        entry_uuid="SubmissionSet01",
        unique_id=oid(stream, place.oid),
        source_id=place.oid,
        patient_id=facts.patient.ins,
        content_type_code=FULL_STAY,
        submission_time=xds.write_dtm(writer.now),
        authors=(writer.author(facts.author),),
        title=document.title,
    )
    sender = mail.XdmSender(place.name, software=SOFTWARE, software_version=VERSION)
    entry = cda.entry_from_cda(document.cda)
    return mail.pack_xdm([(entry, document.cda)], lot, sender=sender, at=writer.now)
