"""The configuration file, trunks and gateways as values, and the worked example."""
