"""Heavy work in batches, in this process or on the machines of a Ray cluster, with the same outcome."""
