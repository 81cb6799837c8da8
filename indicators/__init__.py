"""Programme indicators, measured from journals and exported tables."""
