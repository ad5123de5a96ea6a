"""The only SQL and photo stores: the catalogue (the truth), photos, vectors and index generations."""
