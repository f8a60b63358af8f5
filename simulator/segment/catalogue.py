"""Destinations of the demo's Segment workspace: their actions with fields, as the catalogue types them."""

from typing import Any

from simulator.ids import hex_for
from simulator.wire import Json


def _field(order: int, key: str, label: str, kind: str = "STRING", **more: Any) -> Json:
    known = {
        "id": hex_for(20, "field", key, label),
        "sortOrder": order,
        "fieldKey": key,
        "label": label,
        "type": kind,
        "description": f"{label}, as the destination calls it.",
        "defaultValue": None,
        "required": False,
        "multiple": False,
        "dynamic": False,
        "allowNull": False,
    }
    return known | more


def _action(slug: str, name: str, *fields: Json) -> Json:
    return {
        "id": hex_for(22, "action", slug, name),
        "slug": slug,
        "name": name,
        "description": f"{name}.",
        "platform": "CLOUD",
        "hidden": False,
        "defaultTrigger": None,
        "fields": list(fields),
    }


_PERSON = {"@path": "$.userId"}
_EMAIL = {"@path": "$.context.traits.email"}

DESTINATIONS: tuple[Json, ...] = (
    {
        "name": "Larkmoor Braze",
        "slug": "actions-braze-cloud",
        "label": "Braze Cloud Mode (Actions)",
        "settings": {"api_key": "demo-braze-key", "endpoint": "https://rest.example.com"},
        "actions": [
            _action(
                "updateUserProfile",
                "Update user profile",
                _field(0, "external_id", "External user ID", required=True, defaultValue=_PERSON),
                _field(1, "email", "Email", defaultValue=_EMAIL),
                _field(2, "country", "Country"),
            ),
            _action(
                "trackEvent",
                "Track event",
                _field(0, "name", "Event name", required=True, defaultValue={"@path": "$.event"}),
                _field(1, "external_id", "External user ID", required=True, defaultValue=_PERSON),
                _field(2, "properties", "Properties", "OBJECT"),
            ),
        ],
    },
    {
        "name": "Seven Bays guest messages",
        "slug": "actions-webhook",
        "label": "Webhooks (Actions)",
        "settings": {"sharedSecret": "demo-shared-secret"},
        "actions": [
            _action(
                "send",
                "Send",
                _field(0, "url", "URL", required=True, defaultValue="https://hooks.example.com/guests"),
                _field(
                    1,
                    "method",
                    "Method",
                    required=True,
                    defaultValue="POST",
                    choices=[{"label": word, "value": word} for word in ("POST", "PUT", "PATCH")],
                ),
                _field(2, "batch_size", "Batch size", "INTEGER", defaultValue=0),
                _field(3, "enable_batching", "Send in batches", "BOOLEAN", defaultValue=False),
            ),
        ],
    },
    {
        "name": "Larkmoor social ads",
        "slug": "personas-facebook-custom-audiences",
        "label": "Facebook Custom Audiences",
        "settings": {},
        "linked": False,
        "connection_fields": [
            {"key": "adAccountId", "label": "Ad account ID", "type": "string", "required": True},
            {"key": "audienceDescription", "label": "Description", "type": "string", "required": False},
        ],
    },
    {
        "name": "Warehouse of record",
        "slug": "snowflake",
        "label": "Snowflake",
        "kind": "warehouse",
        "settings": {"account": "northwind", "password": "demo-warehouse-password"},
    },
    {
        "name": "Seven Bays surveys (off)",
        "slug": "actions-customerio",
        "label": "Customer.io (Actions)",
        "enabled": False,
        "settings": {"siteId": "demo-site", "trackApiKey": "demo-track-key"},
        "actions": [
            _action(
                "createUpdatePerson",
                "Create or update person",
                _field(0, "id", "Person ID", required=True, defaultValue=_PERSON),
                _field(1, "email", "Email", defaultValue=_EMAIL),
            ),
        ],
    },
    {
        "name": "Larkmoor text messages",
        "slug": "actions-iterable",
        "label": "Iterable (Actions)",
        "settings": {"apiKey": "demo-iterable-key"},
        "actions": [
            _action(
                "updateUser",
                "Upsert user",
                _field(0, "userId", "User ID", defaultValue=_PERSON),
                _field(1, "email", "Email", defaultValue=_EMAIL),
                _field(2, "mergeNestedObjects", "Merge nested objects", "BOOLEAN", defaultValue=True),
            ),
        ],
    },
    {
        "name": "Warehouse of the finance team",
        "slug": "snowflake",
        "label": "Snowflake",
        "kind": "warehouse",
        "engage": False,
        "settings": {"account": "northwind-finance", "password": "demo-finance-password"},
    },
)
