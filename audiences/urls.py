"""Addresses of the catalogue's pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from audiences import converters, views  # noqa: F401  (converters: `<platform_id:…>`)

of_a_workspace = [
    path("destinations/", views.destinations, name="destinations"),
    path("destinations/<platform_id:dataflow>/runs/", views.runs, name="runs"),
    path("audiences/", views.audiences, name="audiences"),
    path("sync/", views.sync, name="sync"),
    path("sync/status/", views.sync_status, name="sync_status"),
]
pages: list[URLPattern | URLResolver] = [
    path("account/", views.account, name="account"),
    path("w/<slug:slug>/", include(of_a_workspace)),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("", include((pages, "audiences"))),
]
