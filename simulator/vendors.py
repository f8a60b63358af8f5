"""The destination types and their ids, as the vendor's documentation lists them."""

from dataclasses import dataclass

from simulator.ids import uuid_for
from simulator.wire import Json

DESTINATION_PROVIDER = "14e34fac-d307-11e9-bb65-2a2ae2dbcce4"
SOURCE_PROVIDER = "0ed90a81-07f4-4586-8190-b40eccef1c5a"
PROFILE_STORE = "8a9c3494-9708-43d7-ae3f-cda01e5030e1"
DATA_LAKE = "23598e46-f560-407b-88d5-ea6207e49db0"
CRM_SOURCE = uuid_for("spec", "crm-source")


@dataclass(frozen=True, slots=True)
class Vendor:
    """One destination type: its connection spec, its flow specs and how its targets look."""

    key: str
    name: str
    spec: str
    flow_spec: str
    category: str
    batch: bool = True
    dataset_spec: str = ""
    params: tuple[tuple[str, str], ...] = ()
    auth: str = "Access Key"


LEGACY = "71471eba-b620-49e4-90fd-23f1fa0174d8"
FILES = (("fileType", "CSV"), ("compression", "GZIP"))

VENDORS: dict[str, Vendor] = {
    vendor.key: vendor
    for vendor in (
        Vendor(
            "s3",
            "Amazon S3",
            "4fce964d-3f37-408f-9778-e597338a21ee",
            "1a0514a6-33d4-4c7f-aff8-594799c47549",
            "Cloud Storage",
            dataset_spec="269ba276-16fc-47db-92b0-c1049a3c131f",
            params=(("bucketName", "audience-drop"), ("path", "/out"), *FILES),
        ),
        Vendor(
            "sftp",
            "SFTP",
            "36965a81-b1c6-401b-99f8-22508f1e6a26",
            "fd36aaa4-bf2b-43fb-9387-43785eeeb799",
            "Cloud Storage",
            dataset_spec="354d6aad-4754-46e4-a576-1b384561c440",
            params=(("remotePath", "/in/audiences"), *FILES),
            auth="SFTP with Password",
        ),
        Vendor(
            "sfmc",
            "Salesforce Marketing Cloud",
            "f599a5b3-60a7-4951-950a-cc4115c7ea27",
            "493b2bd6-26e4-4167-ab3b-5e910bba44f0",
            "Email Marketing",
            params=(("remotePath", "/Import"),),
            auth="SFTP with Password",
        ),
        Vendor(
            "blob",
            "Azure Blob",
            "6d6b59bf-fb58-4107-9064-4d246c0e5bb2",
            "752d422f-b16f-4f0d-b1c6-26e448e3b388",
            "Cloud Storage",
            dataset_spec="95bd8965-fc8a-4119-b9c3-944c2c2df6d2",
            params=(("container", "guests"), ("path", "/files"), *FILES),
            auth="ConnectionString",
        ),
        Vendor(
            "eloqua",
            "Oracle Eloqua",
            "c1e44b6b-e7c8-404b-9031-58f0ef760604",
            LEGACY,
            "Email Marketing",
            params=(("remotePath", "/eloqua/in"),),
            auth="SFTP with Password",
        ),
        Vendor(
            "campaign",
            "Adobe Campaign",
            "0b23e41a-cb4a-4321-a78f-3b654f5d7d97",
            LEGACY,
            "Email Marketing",
            params=(("bucketName", "campaign-in"), ("path", "/audiences")),
        ),
        Vendor(
            "gcs",
            "Google Cloud Storage",
            "c5d93acb-ea8b-4b14-8f53-02138444ae99",
            "976d663b-80b4-4193-be6b-2d0487516623",
            "Cloud Storage",
            dataset_spec="585c15c4-6cbf-4126-8f87-e26bff78b657",
            params=(("bucketName", "media-files"), ("path", "/daily"), *FILES),
        ),
        Vendor(
            "dlz",
            "Data Landing Zone",
            "10440537-2a7b-4583-ac39-ed38d4b848e8",
            "7e635b9f-e59b-4546-8ba8-fce6496693c8",
            "Cloud Storage",
            dataset_spec="cd2fc47e-e838-4f38-a581-8fff2f99b63a",
            params=(("path", "dlz-destination/audiences"), *FILES),
            auth="SAS URI",
        ),
        Vendor(
            "adls",
            "Azure Data Lake Storage Gen2",
            "be2c3209-53bc-47e7-ab25-145db8b873e1",
            "db060570-a155-418a-a6d3-b4d97698e5dc",
            "Cloud Storage",
            dataset_spec="17be2013-2549-41ce-96e7-a70363bec293",
            params=(("path", "/lake/audiences"), *FILES),
            auth="Service Principal",
        ),
        Vendor(
            "http",
            "HTTP API",
            uuid_for("spec", "http-api"),
            uuid_for("flow-spec", "http-api"),
            "Streaming",
            batch=False,
            params=(("endpoint", "https://events.example.com/profiles"),),
            auth="Bearer Token",
        ),
    )
}


def connection_specs() -> list[Json]:
    """Every connection spec: destinations, the profile store, the data lake and a source."""
    return [
        *(_destination(vendor) for vendor in VENDORS.values()),
        _source(PROFILE_STORE, "Unified Profile Service", "Adobe Experience Platform"),
        _source(DATA_LAKE, "Activation Data Lake", "Adobe Experience Platform"),
        _source(CRM_SOURCE, "Store systems", "CRM"),
    ]


def flow_specs() -> list[Json]:
    """Every flow spec, with the frequency marker where the vendor has one."""
    found: dict[str, Json] = {}
    for vendor in VENDORS.values():
        frequency = "batch" if vendor.batch else "streaming"
        found.setdefault(vendor.flow_spec, _flow_spec(vendor.flow_spec, f"{vendor.name} export", frequency))
        if vendor.dataset_spec:
            found[vendor.dataset_spec] = _flow_spec(vendor.dataset_spec, f"{vendor.name} datasets", "batch")
    return list(found.values())


def _destination(vendor: Vendor) -> Json:
    frequency = "Batch" if vendor.batch else "Streaming"
    shown = {
        "isDestination": True,
        "category": vendor.category,
        "label": vendor.name,
        "frequency": {"key": frequency.lower(), "value": frequency},
    }
    return {
        "id": vendor.spec,
        "name": vendor.name,
        "providerId": DESTINATION_PROVIDER,
        "version": "1.0",
        "authSpec": [{"name": vendor.auth, "type": "KeyBased"}],
        "targetSpec": {"name": vendor.name, "attributes": {"uiAttributes": shown}},
        "attributes": {"category": vendor.category, "isDestination": True},
    }


def _source(spec: str, name: str, category: str) -> Json:
    return {
        "id": spec,
        "name": name,
        "providerId": SOURCE_PROVIDER,
        "version": "1.0",
        "authSpec": [],
        "attributes": {"category": category, "isSource": True},
    }


def _flow_spec(spec: str, name: str, frequency: str) -> Json:
    return {
        "id": spec,
        "name": name,
        "providerId": DESTINATION_PROVIDER,
        "version": "1.0",
        "attributes": {"frequency": frequency, "isDestinationFlow": True},
    }
