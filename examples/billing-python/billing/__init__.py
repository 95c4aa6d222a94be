"""A subscriber of connection-mandates-topic that says which connections may be billed."""
