"""What runs inside Lambda, and what builds and checks its artefacts.

`inference.serving` is the part that is packed into a release: it imports the standard
library alone. Everything else in this package runs at build time, with scikit-learn.
"""
