"""Tests: mocks ror."""
