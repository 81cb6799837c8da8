"""Kit: what every mock needs and none owns.

Not here: anything that knows one service, the simulator or the indicators.
"""
