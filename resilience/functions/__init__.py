"""Functions of Understudy's own that run inside Lambda; each file is a whole package there."""
