"""The main job in five acts, on an embedded PostgreSQL server: python -m demo."""
