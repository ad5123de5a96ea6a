"""For sellers: the category, the price and the duplicates of what they are about to offer."""
