"""Every address of the site. `/healthz` and `/readyz` are answered earlier, by `config.middleware.health`."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import views as accounts
from django.urls import include, path

from audiences.views.person import SignIn

admin.autodiscover()

urlpatterns = [
    path("accounts/login/", SignIn.as_view(), name="login"),
    path("accounts/logout/", accounts.LogoutView.as_view(), name="logout"),
    path("accounts/password/", accounts.PasswordChangeView.as_view(), name="password_change"),
    path("accounts/password/done/", accounts.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("admin/", admin.site.urls),
    path("", include("notices.urls")),
    path("", include("activations.urls")),
    path("", include("audiences.urls")),
]
