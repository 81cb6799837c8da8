"""Web console: one question and its answer a page."""
