"""Every version of PostgreSQL, of the drivers and of ansible-core that the collection is for, side by side."""
