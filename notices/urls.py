"""Addresses of notices and channels."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from notices import views

of_a_channel: list[URLPattern | URLResolver] = [
    path("", views.channel, name="channel"),
    path("errands/", views.errands, name="errands"),
    path("edit/", views.edit, name="edit"),
    path("remove/", views.remove, name="remove"),
    path("test/", views.test, name="test"),
    path("switch/", views.switch, name="switch"),
]

app_name = "notices"
urlpatterns: list[URLPattern | URLResolver] = [
    path("notices/", views.notices, name="notices"),
    path("notices/read/", views.read, name="read"),
    path("settings/notifications/", views.channels, name="channels"),
    path("settings/notifications/new/<slug:kind>/", views.add, name="add"),
    path("settings/notifications/<int:pk>/", include(of_a_channel)),
    path("w/<slug:slug>/sets/<int:pk>/told/", views.of_set, name="of_set"),
    path("w/<slug:slug>/sets/<int:pk>/told/<int:person>/remove/", views.deafen, name="deafen"),
]
