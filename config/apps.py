"""The wiring as a Django app, so that its commands (`up`) are found and Celery's app is loaded."""

from importlib import import_module

from django.apps import AppConfig


class Config(AppConfig):
    name = "config"
    verbose_name = "Wiring"

    def ready(self) -> None:
        # `@shared_task` binds to the current app, so ours must exist before a view sends anything.
        import_module("config.celery")
