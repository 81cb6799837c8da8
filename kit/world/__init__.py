"""World: the invented country, a pure function of a seed; nothing here is stored."""

from kit.world.country import World, world_of
from kit.world.patients import DmpRecord, Patient
from kit.world.places import Address, name_of
from kit.world.professionals import Professional
from kit.world.structures import Establishment, Unit

__all__ = [
    "Address",
    "DmpRecord",
    "Establishment",
    "Patient",
    "Professional",
    "Unit",
    "World",
    "name_of",
    "world_of",
]
