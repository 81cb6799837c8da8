"""MSSanté mock, messages: what goes over the wire, as dataclasses with their reader and writer.

``mime`` (a mail's parts, byte for byte), ``mail`` (what the rules look at), ``mailboxes``,
``trust_list``, ``notifications`` (bounces), ``smtp`` (replies, DSN parameters), ``commands``,
``fetching``, ``searching`` and ``structure`` (IMAP). Not here: what is allowed (``rules``).
"""
