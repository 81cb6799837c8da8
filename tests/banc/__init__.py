"""Tests: banc."""
