"""The rules, a module for each thing they are about."""
