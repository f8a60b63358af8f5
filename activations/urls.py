"""Addresses of presses and their outcome."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from activations import views
from audiences import converters  # noqa: F401  (`<platform_id:…>`)

of_an_activation: list[URLPattern | URLResolver] = [
    path("", views.activation, name="activation"),
    path("status/", views.status, name="status"),
    path("cancel/", views.cancel, name="cancel"),
    path("retry/", views.retry, name="retry"),
    path("check-again/", views.check_again, name="check_again"),
    path("jobs/<int:job>/", views.job, name="job"),
    path("bundle/", views.bundle, name="bundle"),
    path("share/", views.share, name="share"),
    path("share/<int:link>/revoke/", views.revoke, name="revoke"),
    path("screen/", views.screen, name="screen"),
    path("screen/status/", views.screen_status, name="screen_status"),
]
of_a_set: list[URLPattern | URLResolver] = [
    path("", views.of_set, name="set"),
    path("remove/", views.remove_from_set, name="remove_from_set"),
    path("rename/", views.rename_set, name="rename_set"),
    path("delete/", views.delete_set, name="delete_set"),
    path("schedules/new/", views.new_schedule, name="new_schedule"),
    path("schedules/<int:number>/", views.change_schedule, name="change_schedule"),
    path("schedules/<int:number>/pause/", views.pause_schedule, name="pause_schedule"),
    path("schedules/<int:number>/resume/", views.resume_schedule, name="resume_schedule"),
    path("schedules/<int:number>/delete/", views.delete_schedule, name="delete_schedule"),
]
of_a_workspace: list[URLPattern | URLResolver] = [
    path("", views.overview, name="overview"),
    path("steps/", views.steps, name="steps"),
    path("steps/status/", views.steps_status, name="steps_status"),
    path("board/", views.board, name="board"),
    path("board/status/", views.board_status, name="board_status"),
    path("destinations/<platform_id:dataflow>/", views.dataflow, name="dataflow"),
    path("audiences/<platform_id:audience>/", views.audience, name="audience"),
    path("audiences/<platform_id:audience>/counts.csv", views.people_csv, name="people_csv"),
    path("activate/", views.activate, name="activate"),
    path("activate/tray/", views.tray, name="tray"),
    path("activate/confirm/", views.confirm, name="confirm"),
    path("activate/press/", views.press, name="press"),
    path("sets/", views.sets, name="sets"),
    path("sets/save/", views.save_set, name="save_set"),
    path("sets/<int:pk>/", include(of_a_set)),
    path("evaluation/", views.evaluation, name="evaluation"),
    path("evaluation/status/", views.evaluation_status, name="evaluation_status"),
    path("evaluation/evaluate/", views.evaluate, name="evaluate"),
    path("evaluation/export/", views.export, name="export"),
    path("evaluation/jobs/<int:pk>/cancel/", views.cancel_job, name="cancel_job"),
    path("evaluation/chains/<int:pk>/stop/", views.stop_chain, name="stop_chain"),
    path("activations/", views.history, name="history"),
    path("trends/", views.trends, name="trends"),
    path("trends/<slug:chart>.csv", views.trends_csv, name="trends_csv"),
    path("activations/<int:pk>/", include(of_an_activation)),
    path("changes/<int:pk>/activation/", views.begun, name="begun"),
]

# Config.logs strikes the token out of whatever names such an address.
of_a_share_link: list[URLPattern | URLResolver] = [
    path("", views.shared, name="shared"),
    path("status/", views.shared_status, name="shared_status"),
    path("screen/", views.shared_screen, name="shared_screen"),
    path("screen/status/", views.shared_screen_status, name="shared_screen_status"),
]

app_name = "activations"
urlpatterns = [
    path("w/<slug:slug>/", include(of_a_workspace)),
    path("shared/<str:token>/", include(of_a_share_link)),
]
