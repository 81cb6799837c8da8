"""Tests: mocks dmp."""
