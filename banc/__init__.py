"""Banc as one types or imports it: ``from banc.documents import document``."""
