"""Banc as one types or imports it."""
