"""Start real PostgreSQL servers for the demo and the tests; for development only, on Linux."""
