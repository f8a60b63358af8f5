"""Addresses of the catalogue's pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from audiences import converters, views  # noqa: F401  (converters: `<platform_id:…>`)
from audiences.views import external as ext

of_an_external: list[URLPattern | URLResolver] = [
    path("", ext.external, name="external"),
    path("status/", ext.status, name="external_status"),
    path("ingest/", ext.ingest, name="external_ingest"),
    path("change/", ext.change, name="external_change"),
    path("extend/", ext.extend, name="external_extend"),
    path("delete/", ext.delete, name="external_delete"),
    path("look/", ext.look, name="external_look"),
    path("check/<int:operation>/", ext.check, name="external_check"),
]
of_a_connection: list[URLPattern | URLResolver] = [
    path("add/", views.activation_add, name="activation_add"),
    path("<platform_id:mapping>/change/", views.activation_change, name="activation_change"),
    path("<platform_id:mapping>/remove/", views.activation_remove, name="activation_remove"),
    path("<platform_id:mapping>/state/<slug:op>/", views.activation_switch, name="activation_switch"),
]
of_a_workspace: list[URLPattern | URLResolver] = [
    path("destinations/", views.destinations, name="destinations"),
    path("destinations/<platform_id:dataflow>/runs/", views.runs, name="runs"),
    path("destinations/<platform_id:dataflow>/add/", views.add_audience, name="add_audience"),
    path("destinations/<platform_id:dataflow>/state/<slug:op>/", views.switch, name="switch"),
    path("destinations/<platform_id:dataflow>/map/<platform_id:audience>/", views.mapping, name="mapping"),
    path("destinations/<platform_id:dataflow>/unmap/<platform_id:audience>/", views.unmap, name="unmap"),
    path("audiences/<platform_id:audience>/map/", views.choose_dataflow, name="choose_dataflow"),
    path("audiences/<platform_id:audience>/connect/", views.choose_destination, name="choose_destination"),
    path("audiences/<platform_id:audience>/state/<slug:op>/", views.audience_switch, name="audience_switch"),
    path(
        "audiences/<platform_id:audience>/connect/<platform_id:destination>/", views.connect, name="connect"
    ),
    path("destinations/<platform_id:dataflow>/connection/", views.reconnect, name="reconnect"),
    path("destinations/<platform_id:dataflow>/disconnect/", views.disconnect, name="disconnect"),
    path("destinations/<platform_id:dataflow>/activations/", include(of_a_connection)),
    path("wishes/<int:pk>/", views.wish, name="wish"),
    path("audiences/", views.audiences, name="audiences"),
    path("external/", ext.externals, name="externals"),
    path("external/new/", ext.new, name="external_new"),
    path("external/<int:pk>/", include(of_an_external)),
    path("settings/", views.settings, name="settings"),
    path("settings/check/", views.check, name="check"),
    path("settings/place/", views.use_place, name="use_place"),
    path("settings/sync/", views.first_sync, name="first_sync"),
    path("members/", views.members, name="members"),
    path("members/<int:pk>/dismiss/", views.dismiss, name="dismiss"),
    path("sync/", views.sync, name="sync"),
    path("sync/status/", views.sync_status, name="sync_status"),
]
pages: list[URLPattern | URLResolver] = [
    path("account/", views.account, name="account"),
    path("workspaces/new/", views.new_workspace, name="new_workspace"),
    path("workspaces/new/<slug:platform>/", views.add_workspace, name="add_workspace"),
    path("w/<slug:slug>/", include(of_a_workspace)),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("", include((pages, "audiences"))),
]
