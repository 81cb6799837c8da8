"""DMP mock, messages: the calculated identifier (INS-C) that stands beside the INS in answers.

Withdrawn for years, still told: software has to take the other one. Not here: the INS.
"""

import hashlib

from kit.identity import Ins

INS_C = "1.2.250.1.213.1.4.2"


def calculated(ins: Ins, first_name: str, birth_date: str) -> str:
    """22 digits: a hash of first name, birth date and number, and its key; unconfirmed."""
    day = birth_date.replace("-", "")[2:8]
    seed = f"{first_name[:10]:<10}{day}{ins.number}".encode("ascii", "replace")
    number = int.from_bytes(hashlib.sha256(seed).digest()[:8])
    return f"{number:020d}{97 - number % 97:02d}"
