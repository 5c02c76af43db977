"""Runbooks: one Markdown source a page, rendered for a deployed stack, every command tried."""
