"""The tests, one folder per room; `environment` is loaded first, `conftest` holds what all share."""
