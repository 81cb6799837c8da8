"""Load tests: Locust users for each socle, profiles as data, a headless run with thresholds."""
