"""What the person who carries the pager types: see, move, return, reconcile.

Every command works while a Region, or Route 53's control plane, is gone: it asks all there is to
ask at once, each with its own short deadline, and names what it could not see and why. Whatever
changes something goes through data planes of Regions that are not said to be lost.
"""
