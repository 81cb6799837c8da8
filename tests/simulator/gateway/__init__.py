"""Tests: simulator gateway."""
