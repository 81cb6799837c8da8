"""Load tests, targets: where requests may go: this machine's loopback and nowhere else.

Not here: what is sent.
"""

from __future__ import annotations

import ipaddress

from kit.settings import Settings
from loadtests.profiles import CannotLoad

EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - a server listens there; a client uses loopback


class NotLoopback(CannotLoad):
    """A load test was asked to reach another machine."""


def loopback(settings: Settings, service: str) -> str:
    """The loopback address of a service. Raises NotLoopback for any other."""
    host = settings.reach(service)
    if host == "localhost" or host in EVERYWHERE:
        return "127.0.0.1"
    try:
        is_here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = False
    if not is_here:
        raise NotLoopback(
            f"load goes to 127.0.0.0/8 or ::1 only, and {service} is at {host}:"
            f" set BANC_HOST or BANC_{service.upper()}_HOST to 127.0.0.1"
        )
    return host


def url(settings: Settings, service: str, port: int) -> str:
    """The HTTPS address of a service on the loopback."""
    host = loopback(settings, service)
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
