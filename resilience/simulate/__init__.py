"""`./run simulate`: thousands of seeded scenarios of a stack, held against its objectives.

The edge around `resilience.simulator`, which is pure: where the topology comes from, processes,
statistics, prices, and what is printed and written.
"""
