"""The main job in six acts, on an embedded PostgreSQL server: python -m demo."""
