"""Every address of the site. `/healthz` and `/readyz` are answered earlier, by `config.middleware.health`."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import views as accounts
from django.urls import include, path

admin.autodiscover()

urlpatterns = [
    path("accounts/login/", accounts.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", accounts.LogoutView.as_view(), name="logout"),
    path("accounts/password/", accounts.PasswordChangeView.as_view(), name="password_change"),
    path("accounts/password/done/", accounts.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("admin/", admin.site.urls),
    path("", include("notices.urls")),
    path("", include("activations.urls")),
    path("", include("audiences.urls")),
]
