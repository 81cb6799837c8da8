"""Tests: simulator rniv."""
