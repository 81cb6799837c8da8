"""Tests: kit world."""
