"""INS mock, entry points: the teleservice (searches and checks) and the control channel.

Not here: XML, rules, SQL.
"""

from mocks.ins.routes.control import control_blueprint
from mocks.ins.routes.teleservice import blueprint

__all__ = ["blueprint", "control_blueprint"]
