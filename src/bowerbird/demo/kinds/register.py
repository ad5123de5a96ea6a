"""Every kind of thing in the drawn market, by name."""

from bowerbird.demo.kinds import bicycles, boards, chairs, sofas
from bowerbird.demo.kinds.kind import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind for family in (bicycles, boards, chairs, sofas) for kind in family.KINDS
}
