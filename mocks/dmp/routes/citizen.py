"""stub"""


def add(bp, dmp): ...
