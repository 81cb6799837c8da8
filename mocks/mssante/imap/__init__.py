"""MSSanté mock, IMAP4rev1 (RFC 3501, IDLE of RFC 2177): reading a box over the mock's own store.

``wire`` (octets and bounds), ``server`` (a connection and its commands), ``access`` (who),
``folders``, ``mails`` (commands), ``selected`` (sequence numbers), ``watcher`` (what wakes IDLE).
"""
