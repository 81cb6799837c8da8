"""MSSanté mock, SMTP submission (RFC 6409): STARTTLS, AUTH, MAIL, RCPT, DATA, on aiosmtpd.

``server`` (one connection: what aiosmtpd does not read), ``desk`` (its hooks: judge and answer),
``submission`` (what becomes of a mail). Not here: the operator-to-operator interface.
"""
