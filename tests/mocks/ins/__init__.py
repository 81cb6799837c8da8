"""Tests: mocks ins."""
