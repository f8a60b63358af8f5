"""What a dataflow carries, decided from its own fields first and Adobe's published ids second.

Ids: DST-SPEC (`GET /flows`, `FlowSpec`, `FlowSpec_V2`), SF for the older Amazon S3 (contract §4.1). The
beta tutorial lists the dataset ids as segment ids; DST-SPEC is trusted (§13 no. 18).
"""

from __future__ import annotations

from dataclasses import dataclass

from platforms.decoding import Record, dig, first, record, records, text
from platforms.types import DataflowKind

DATA_LAKE = "23598e46-f560-407b-88d5-ea6207e49db0"

BATCH_PLATFORMS = {
    "4fce964d-3f37-408f-9778-e597338a21ee": "Amazon S3",
    "4890fc95-5a1f-4983-94bb-e060c08e3f81": "Amazon S3",
    "64ef4b8b-a6e0-41b5-9677-3805d1ee5dd0": "SFTP",
    "36965a81-b1c6-401b-99f8-22508f1e6a26": "SFTP",
    "6d6b59bf-fb58-4107-9064-4d246c0e5bb2": "Azure Blob",
    "be2c3209-53bc-47e7-ab25-145db8b873e1": "Azure Data Lake Storage Gen2",
    "10440537-2a7b-4583-ac39-ed38d4b848e8": "Data Landing Zone",
    "c5d93acb-ea8b-4b14-8f53-02138444ae99": "Google Cloud Storage",
    "0b23e41a-cb4a-4321-a78f-3b654f5d7d97": "Adobe Campaign",
    "c1e44b6b-e7c8-404b-9031-58f0ef760604": "Oracle Eloqua",
    "a5e28ddf-e265-426e-83a1-9d03a3a6822b": "Oracle Responsys",
    "f599a5b3-60a7-4951-950a-cc4115c7ea27": "Salesforce Marketing Cloud",
}

BATCH_FLOW_SPECS = frozenset(
    {
        "1a0514a6-33d4-4c7f-aff8-594799c47549",
        "71471eba-b620-49e4-90fd-23f1fa0174d8",
        "fd36aaa4-bf2b-43fb-9387-43785eeeb799",
        "752d422f-b16f-4f0d-b1c6-26e448e3b388",
        "db060570-a155-418a-a6d3-b4d97698e5dc",
        "7e635b9f-e59b-4546-8ba8-fce6496693c8",
        "976d663b-80b4-4193-be6b-2d0487516623",
        "51d675ce-e270-408d-91fc-22717bdf2148",
        "493b2bd6-26e4-4167-ab3b-5e910bba44f0",
    }
)

DATASET_FLOW_SPECS = frozenset(
    {
        "269ba276-16fc-47db-92b0-c1049a3c131f",
        "354d6aad-4754-46e4-a576-1b384561c440",
        "95bd8965-fc8a-4119-b9c3-944c2c2df6d2",
        "17be2013-2549-41ce-96e7-a70363bec293",
        "cd2fc47e-e838-4f38-a581-8fff2f99b63a",
        "585c15c4-6cbf-4126-8f87-e26bff78b657",
    }
)


@dataclass(frozen=True, slots=True)
class PlatformSpec:
    """A destination type: its name and, where its spec says so, how often it sends."""

    id: str
    name: str
    frequency: str | None = None


def platform_spec(item: Record) -> PlatformSpec | None:
    """Read one `/connectionSpecs` item; None without an id.

    Frequency, most trusted first: `targetSpec…uiAttributes.frequency.key`, its plain form of the
    Destination SDK, then `attributes.frequency` (AEPP, SDK-SPEC; contract §4.1).
    """
    key = text(item.get("id"))
    if key is None:
        return None
    shown = dig(item, "targetSpec", "attributes", "uiAttributes", "frequency")
    frequency = first(
        text(record(shown).get("key")),
        text(shown),
        text(dig(item, "attributes", "uiAttributes", "frequency")),
        text(dig(item, "attributes", "frequency")),
    )
    return PlatformSpec(key, text(item.get("name")) or BATCH_PLATFORMS.get(key, key), frequency)


def kind_of(flow: Record, spec: PlatformSpec | None, platform: str) -> DataflowKind:
    """The kind of a flow on the destination type `platform` (a connectionSpec id); first match wins.

    Where nothing at all tells, the kind is unknown: people may try and are warned (contract §4.1).
    """
    if _is_dataset(flow):
        return DataflowKind.DATASET
    chosen = [record(item.get("value")) for item in selectors(flow)]
    if any(_is_for_files(value) for value in chosen):
        return DataflowKind.BATCH_FILE
    if platform in BATCH_PLATFORMS or text(dig(flow, "flowSpec", "id")) in BATCH_FLOW_SPECS:
        return DataflowKind.BATCH_FILE
    frequency = (spec.frequency or "").casefold() if spec else ""
    if "batch" in frequency:
        return DataflowKind.BATCH_FILE
    if "streaming" in frequency or chosen:
        return DataflowKind.STREAMING
    return DataflowKind.UNKNOWN


def selectors(flow: Record) -> list[Record]:
    """The audience selectors of every transformation; dataset flows have none (contract §5.3)."""
    return [
        item
        for step in records(flow.get("transformations"))
        for item in records(dig(step, "params", "segmentSelectors", "selectors"))
    ]


def _is_dataset(flow: Record) -> bool:
    if flow.get("transformations") == [] and record(flow.get("scheduleParams")):
        return True
    if text(dig(flow, "flowSpec", "id")) in DATASET_FLOW_SPECS:
        return True
    sources = records(dig(flow, "inheritedAttributes", "sourceConnections"))
    return any(dig(source, "connectionSpec", "id") == DATA_LAKE for source in sources)


def _is_for_files(value: Record) -> bool:
    """Export mode, file name and frequency exist for batch only (UPD); a bare schedule proves nothing."""
    named = value.get("filenameTemplate") or value.get("fileNameTemplate")
    return bool(value.get("exportMode") or named or dig(value, "schedule", "frequency"))
