"""Kit, mail: the document message of MSSanté, its MIME and its IHE_XDM.ZIP, both ways.

xdm.py packs and unpacks the archive; message.py builds and reads the mail around it. Not here:
SMTP, IMAP, nor what an operator refuses.
Sources: IHE ITI TF-2 3.32 (XDM); Référentiel #2 MSSanté (client interface).
"""

from kit.mail.message import (
    XDM_FILE_NAME,
    Mailbox,
    MailMessage,
    MailPart,
    PdfCopy,
    build_document_message,
    document_subject,
    pdf_file_name,
    read_message,
    visible_subject,
    x_mss_headers,
)
from kit.mail.xdm import (
    UnsafeArchive,
    XdmArchive,
    XdmDocument,
    XdmFile,
    XdmLimits,
    XdmSender,
    XdmSubset,
    pack_xdm,
    unpack_xdm,
)

__all__ = [
    "XDM_FILE_NAME",
    "MailMessage",
    "MailPart",
    "Mailbox",
    "PdfCopy",
    "UnsafeArchive",
    "XdmArchive",
    "XdmDocument",
    "XdmFile",
    "XdmLimits",
    "XdmSender",
    "XdmSubset",
    "build_document_message",
    "document_subject",
    "pack_xdm",
    "pdf_file_name",
    "read_message",
    "unpack_xdm",
    "visible_subject",
    "x_mss_headers",
]
