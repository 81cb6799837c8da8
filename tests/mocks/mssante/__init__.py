"""Tests: mocks mssante."""
