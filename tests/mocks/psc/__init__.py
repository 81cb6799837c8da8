"""Tests: mocks psc."""
