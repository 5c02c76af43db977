"""Drills: experiments on a deployed stack, with a steady state, a method, a rollback, a journal."""
