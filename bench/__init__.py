"""Measure this collection beside what a user would pick instead: loops over the modules of community.postgresql."""
