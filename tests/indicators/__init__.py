"""Tests: indicators."""
