"""Users whom Locust stops while a request of theirs is under way; run by its test.

A process of its own, because Locust patches the standard library. Prints, for each kind of user and
each way to stop it, the requests that reached the server and those that Locust counted.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import gevent
from gevent.pool import Group
from gevent.pywsgi import WSGIServer
from locust.env import Environment

from loadtests import locustfile
from loadtests.mail_client import MailClient
from loadtests.payloads import Payload

ANSWER = b'{"access_token": "t", "is": "expected"}'
TURNS = 20  # of the event loop, more than anything here takes


class Server:
    """Counts what reaches it, and answers some turns of the loop later."""

    def __init__(self, when_reached: Callable[[], None]) -> None:
        self.reached = 0
        self._when_reached = when_reached

    def __call__(self) -> bytes:
        self.reached += 1
        self._when_reached()
        for _turn in range(TURNS):
            gevent.sleep(0)
        return ANSWER

    def wsgi(self, _: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", str(len(ANSWER)))])
        return [self()]


class FetchingClient(MailClient):
    """A mail program whose server is a function."""

    def __init__(self, server: Server, fire: Any) -> None:
        super().__init__(None, "", None, fire)  # type: ignore[arg-type]
        self._server = server

    def read_newest(self, address: str) -> None:
        self._told("IMAP", "mssante IMAP.FETCH", lambda: len(self._server()))


class Reader(locustfile.MailUser):
    """Reads mail, and nothing else."""

    server: Server

    def on_start(self) -> None:
        self._doctor, self._has_mail = "doctor", True
        self._client = FetchingClient(self.server, self.environment.events.request.fire)


class Feeder(locustfile.DmpUser):
    """Feeds without TLS."""

    ssl_context_factory = None


class Searcher(locustfile.RorUser):
    """Searches the directory without TLS, with a new token each time."""

    ssl_context_factory = None


Searcher.tasks, Reader.tasks = [locustfile.RorUser.search], [locustfile.MailUser.read]


def counts(user_class: Any, *, in_a_pause: bool) -> tuple[int, int]:
    """Let a user work until it is gone: what reached the server, what Locust counted.

    in_a_pause: stopped in a pause that is over in the same turn of the loop; else killed, as when
    the time to stop is used up, once its request reached the server.
    """
    told: list[str] = []
    environment = Environment(user_classes=[user_class])
    environment.events.request.add_listener(lambda name, **_: told.append(name))
    users: list[Any] = []

    def pause_seconds() -> float:
        gevent.spawn(users[0].stop)
        return 0.0

    def kill() -> None:
        if not in_a_pause:
            gevent.spawn(users[0].stop, force=True)

    server = Server(kill)
    http = WSGIServer(("127.0.0.1", 0), server.wsgi, log=None)
    http.start()
    user_class.server, user_class.host = server, f"http://127.0.0.1:{http.server_port}"
    payload = Payload("dmp TD2.1", "POST", "/", b"x", {}, expects=b"expected")
    locustfile.PLAN = SimpleNamespace(  # type: ignore[assignment]
        pause_seconds=pause_seconds,
        queues={name: deque([payload] * 9) for name in ("organizations", "deposits")},
        hospital=SimpleNamespace(place=SimpleNamespace(finess_ej="000000000")),
        settings=SimpleNamespace(ror_token_seconds=0),
    )
    users.append(user_class(environment))
    group = Group()
    users[0].start(group)
    group.join()
    for _turn in range(TURNS):  # what was sent reaches the server, counted or not
        gevent.idle()
    http.stop()
    return server.reached, len(told)


def main() -> None:
    found = {
        f"{user_class.__name__}, {'pause' if in_a_pause else 'request'}": counts(
            user_class, in_a_pause=in_a_pause
        )
        for user_class in (Feeder, Searcher, Reader)
        for in_a_pause in (True, False)
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
