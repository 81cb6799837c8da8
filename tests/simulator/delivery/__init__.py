"""Tests: simulator delivery."""
