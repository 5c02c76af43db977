"""The part of a drill that also runs in Lambda: standard library only, AWS through a port."""
