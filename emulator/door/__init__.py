"""The front door's reading of an AWS call: what it asks, who asks, and how a refusal looks."""
