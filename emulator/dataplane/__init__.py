"""The traffic data plane: serves what the deployed state says, at each request."""
