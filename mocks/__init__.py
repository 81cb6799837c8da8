"""The national services, one folder each, simulated on the wire."""
