"""Every kind of thing in the drawn market, by name."""

from bowerbird.demo.kinds import (
    appliances,
    bags,
    bicycles,
    boards,
    casual_clothes,
    chairs,
    childhood,
    clothes,
    crockery,
    gadgets,
    lamps,
    music,
    outdoors,
    shoes,
    sofas,
    storage,
    tables,
    walls,
)
from bowerbird.demo.kinds.kind import Kind

_FAMILIES = (
    appliances,
    bags,
    bicycles,
    boards,
    casual_clothes,
    chairs,
    childhood,
    clothes,
    crockery,
    gadgets,
    lamps,
    music,
    outdoors,
    shoes,
    sofas,
    storage,
    tables,
    walls,
)
KINDS: dict[str, Kind] = {kind.name: kind for family in _FAMILIES for kind in family.KINDS}
