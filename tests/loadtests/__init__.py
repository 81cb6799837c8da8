"""Tests: loadtests."""
