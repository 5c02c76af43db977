"""The Pulumi components that Understudy's stacks are made of, one concept a file."""
