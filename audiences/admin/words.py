"""What the admin calls the mirror's models and their fields, whose own names are English."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

# One and several of them.
MODELS = (
    (_("workspace"), _("workspaces")),
    (_("membership"), _("memberships")),
    (_("destination"), _("destinations")),
    (_("supported destination"), _("supported destinations")),
    (_("dataflow"), _("dataflows")),
    (_("audience"), _("audiences")),
    (_("mapping"), _("mappings")),
    (_("external audience"), _("external audiences")),
    (_("external operation"), _("external operations")),
    (_("external event"), _("external events")),
    (_("run"), _("runs")),
    (_("run audience"), _("run audiences")),
    (_("platform job"), _("platform jobs")),
    (_("wish"), _("wishes")),
    (_("wish event"), _("wish events")),
    (_("counted"), _("counteds")),
    (_("trait"), _("traits")),
)
FIELDS = (
    _("account"), _("actions"), _("activated"), _("activation type"), _("actor"), _("ad hoc"), _("as of"),
    _("asked at"), _("at"), _("attempts"), _("audience"), _("audience type"), _("by"), _("bytes out"),
    _("change"), _("checks"), _("client secret encrypted"), _("cloud"), _("completed at"), _("connection"),
    _("connection fields"), _("created at"), _("created by"), _("data"), _("data from"), _("data until"),
    _("dataflow"), _("dataset"), _("deadline"), _("deleted at"), _("description"), _("destination"),
    _("details"), _("doubtful"), _("enabled"), _("end date"), _("etag"), _("evaluated at"), _("evaluation"),
    _("evaluation cron"), _("excluded"), _("expires at"), _("export mode"), _("external"), _("external id"),
    _("failed"), _("field"), _("fields"), _("file name template"), _("file type"), _("files"),
    _("finished at"), _("first seen at"), _("found"), _("frequency"), _("group"), _("ingested at"),
    _("issues"), _("job"), _("kind"), _("labels"), _("last run"), _("last run at"), _("last run status"),
    _("last run word"), _("lease until"), _("lifecycle"), _("listed"), _("live"), _("looked up to"),
    _("mapped at"), _("mapped count"), _("mapping"), _("merge policy"), _("merge policy seen at"), _("name"),
    _("namespace"), _("next at"), _("next check at"), _("not before"), _("operation"), _("operation at"),
    _("operation status"), _("origin"), _("pace"), _("path"), _("platform"), _("platform id"),
    _("platform spec"), _("posted at"), _("press"), _("problems"), _("production"), _("profiles"),
    _("profiles as of"), _("public key"), _("reason"), _("received"), _("reposted"), _("request id"),
    _("requested at"), _("requested by"), _("resyncing"), _("role"), _("run"), _("runs due at"), _("sandbox"),
    _("scheduled"), _("schema"), _("scopes"), _("sealed"), _("seen"), _("seen at"), _("segments"),
    _("send after"), _("sending at"), _("sent at"), _("sent etag"), _("signing key"), _("slug"),
    _("snapshot at"), _("stages"), _("start date"), _("start time"), _("started at"), _("state"),
    _("state since"), _("status"), _("sync error"), _("sync progress"), _("sync started at"), _("sync state"),
    _("synced at"), _("tags"), _("trigger"), _("ttl days"), _("updated at"), _("updated by"), _("user"),
    _("vanished at"), _("verbatim"), _("version"), _("wanted"), _("watched until"), _("what"), _("wish"),
    _("word"), _("workspace"),
)  # fmt: skip
