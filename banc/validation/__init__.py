"""Banc, validation: what is wrong in a CDA, an IHE_XDM.ZIP, a VIHF or XDS metadata, and where.

front.py is asked; kinds.py says what a file is; document, archive, metadata and assertion apply
our own rules; official, stylesheets and judge run the official CDA kit, in a process that keeps
it loaded (resident, asked by calling over frames). Not here: the rules themselves (kit, mocks).
"""
