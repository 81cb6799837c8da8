"""World: the invented country, a pure function of a seed, with what a user adds."""

from kit.world.country import World, world_of
from kit.world.created import Additions, ProfessionalOrder, StructureOrder
from kit.world.patients import DmpRecord, Patient
from kit.world.places import Address, name_of
from kit.world.professionals import Professional
from kit.world.structures import Establishment, Unit

__all__ = [
    "Additions",
    "Address",
    "DmpRecord",
    "Establishment",
    "Patient",
    "Professional",
    "ProfessionalOrder",
    "StructureOrder",
    "Unit",
    "World",
    "name_of",
    "world_of",
]
