"""British towns with their counties and true coordinates (degrees north and east), and who sells there."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Town:
    """One town."""

    name: str
    county: str
    latitude: float
    longitude: float
    weight: float  # how much is sold there

    @property
    def place(self) -> str:
        """As sites write it: 'Hebden Bridge, West Yorkshire'."""
        return self.name if self.name == self.county else f"{self.name}, {self.county}"


TOWNS = tuple(
    Town(*row)
    for row in (
        ("Hackney", "London", 51.545, -0.055, 5.0),
        ("Brixton", "London", 51.462, -0.115, 4.0),
        ("Ealing", "London", 51.513, -0.306, 3.0),
        ("Bristol", "Bristol", 51.455, -2.588, 4.0),
        ("Bath", "Somerset", 51.381, -2.359, 2.0),
        ("Frome", "Somerset", 51.231, -2.321, 1.0),
        ("Exeter", "Devon", 50.725, -3.527, 1.5),
        ("Totnes", "Devon", 50.432, -3.684, 0.7),
        ("Falmouth", "Cornwall", 50.155, -5.071, 0.8),
        ("Brighton", "East Sussex", 50.823, -0.137, 3.0),
        ("Lewes", "East Sussex", 50.874, 0.009, 0.8),
        ("Whitstable", "Kent", 51.361, 1.026, 0.8),
        ("Canterbury", "Kent", 51.280, 1.079, 1.0),
        ("Reading", "Berkshire", 51.455, -0.971, 2.0),
        ("Oxford", "Oxfordshire", 51.752, -1.258, 2.5),
        ("Cambridge", "Cambridgeshire", 52.205, 0.119, 2.5),
        ("Norwich", "Norfolk", 52.630, 1.297, 1.8),
        ("Ipswich", "Suffolk", 52.057, 1.148, 1.2),
        ("Southampton", "Hampshire", 50.905, -1.404, 1.8),
        ("Winchester", "Hampshire", 51.060, -1.310, 0.9),
        ("Cheltenham", "Gloucestershire", 51.900, -2.078, 1.2),
        ("Stroud", "Gloucestershire", 51.745, -2.217, 0.8),
        ("Birmingham", "West Midlands", 52.480, -1.903, 4.0),
        ("Leicester", "Leicestershire", 52.637, -1.140, 2.0),
        ("Nottingham", "Nottinghamshire", 52.955, -1.149, 2.2),
        ("Sheffield", "South Yorkshire", 53.381, -1.470, 3.0),
        ("Leeds", "West Yorkshire", 53.800, -1.549, 3.5),
        ("Hebden Bridge", "West Yorkshire", 53.741, -2.013, 0.7),
        ("York", "North Yorkshire", 53.960, -1.087, 1.6),
        ("Manchester", "Greater Manchester", 53.480, -2.242, 4.5),
        ("Liverpool", "Merseyside", 53.408, -2.991, 3.0),
        ("Chester", "Cheshire", 53.193, -2.893, 1.0),
        ("Lancaster", "Lancashire", 54.047, -2.801, 0.9),
        ("Kendal", "Cumbria", 54.328, -2.746, 0.6),
        ("Durham", "County Durham", 54.777, -1.575, 0.9),
        ("Newcastle", "Tyne and Wear", 54.978, -1.618, 2.5),
        ("Edinburgh", "City of Edinburgh", 55.953, -3.188, 3.0),
        ("Glasgow", "Glasgow", 55.864, -4.252, 3.0),
        ("Stirling", "Stirlingshire", 56.117, -3.937, 0.6),
        ("Cardiff", "Cardiff", 51.481, -3.179, 2.2),
        ("Swansea", "Swansea", 51.621, -3.944, 1.1),
        ("Aberystwyth", "Ceredigion", 52.415, -4.083, 0.5),
        ("Belfast", "County Antrim", 54.597, -5.930, 1.6),
    )
)

_FIRST = (
    "maya",
    "tom",
    "priya",
    "callum",
    "aisha",
    "george",
    "niamh",
    "owen",
    "zara",
    "harry",
    "beth",
    "kwame",
    "ella",
    "rhys",
    "sophie",
    "imran",
    "megan",
    "jack",
    "lucy",
    "dev",
    "hannah",
    "sam",
    "olu",
    "grace",
    "fergus",
    "chloe",
    "yusuf",
    "alice",
    "ben",
    "mei",
    "dylan",
    "ruth",
    "ivan",
    "nell",
    "joe",
    "anya",
)
_LAST = (
    "holt",
    "marsh",
    "patel",
    "reid",
    "khan",
    "ford",
    "byrne",
    "pryce",
    "ahmed",
    "wood",
    "lloyd",
    "mensah",
    "hale",
    "evans",
    "shaw",
    "hart",
    "frost",
    "dale",
    "moss",
    "clarke",
    "okoro",
    "barr",
    "lane",
    "wells",
    "yates",
    "price",
)


@dataclass(frozen=True, slots=True)
class Seller:
    """Someone who sells: where they live, and the number of their home (which their photos show)."""

    seller_id: str
    town: Town
    latitude: float
    longitude: float
    home: int


def draw_sellers(count: int, rng: np.random.Generator) -> list[Seller]:
    """`count` sellers with distinct ids, within about 3 km of the middle of their towns."""
    weights = np.array([town.weight for town in TOWNS])
    chosen = rng.choice(len(TOWNS), count, p=weights / weights.sum())
    sellers, taken = [], set()
    for home, index in enumerate(chosen.tolist()):
        first, last = _FIRST[int(rng.integers(len(_FIRST)))], _LAST[int(rng.integers(len(_LAST)))]
        name = f"{first}.{last}"
        if name in taken:
            name = f"{first}.{last}{home}"
        taken.add(name)
        town = TOWNS[index]
        north, east = rng.normal(0, 0.012, 2)
        sellers.append(
            Seller(name, town, round(town.latitude + north, 4), round(town.longitude + 1.6 * east, 4), home)
        )
    return sellers
