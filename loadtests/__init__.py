"""Load profiles and the Locust users that play them."""
