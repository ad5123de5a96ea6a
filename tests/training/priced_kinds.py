"""Training data whose prices follow the kind of thing, which words, looks and category each tell."""

from dataclasses import replace

import numpy as np
from told_market import told_market

from bowerbird.market.listing import Listing, Price
from bowerbird.training.training_data import TrainingData

PRICES = {"Sofas": 300.0, "Lighting": 12.0, "Camping": 60.0, "Cycling": 150.0, "Music": 900.0}
SPREAD = 0.2  # of the logarithm


def priced_kinds(listings: int = 240, seed: int = 0) -> TrainingData:
    """Every price is its kind's times a random factor; one in forty is given away."""
    data = told_market(listings, seed)
    rng = np.random.default_rng(seed)
    priced = []
    for row, listing in enumerate(data.listings):
        factor = float(np.exp(SPREAD * rng.normal()))
        pence = 0 if row % 40 == 7 else round(100 * PRICES[listing.category[-1]] * factor)
        place = "Leeds, West Yorkshire" if row % 2 else "Truro, Cornwall"
        priced.append(replace(listing, price=Price(pence, "GBP"), place=place))
    return with_listings(data, priced)


def with_listings(data: TrainingData, listings: list[Listing]) -> TrainingData:
    """`data` of other listings in the same places."""
    return replace(data, listings=tuple(listings))


def with_price(data: TrainingData, row: int, pounds: float) -> TrainingData:
    """`data` in which one listing asks something else."""
    listings = list(data.listings)
    listings[row] = replace(listings[row], price=Price(round(100 * pounds), "GBP"))
    return with_listings(data, listings)
