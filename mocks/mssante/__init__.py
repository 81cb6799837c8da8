"""MSSanté mock: secure mail of the trust space, over SMTP submission, IMAP and a small API."""
