"""Simulated hospitals: what happens in them and what they send."""
