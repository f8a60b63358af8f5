"""Wiring: settings, urls, the Celery app with its beat table, middleware, the `up` supervisor.

Nothing is imported here: the supervisor lives in this package and must stay small, so Celery's app is
loaded by `config.apps` once Django starts.
"""
