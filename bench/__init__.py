"""Measurements of the whole house, each beside a naive way of doing the same. ``python -m dispatch bench``."""
