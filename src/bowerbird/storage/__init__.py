"""The only SQL and the only photo stores."""
