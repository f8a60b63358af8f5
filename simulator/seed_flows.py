"""Seeds the dataflows of a sandbox with their accounts, sources and targets."""

from simulator.clock import DAY, millis
from simulator.dataflow import Flow, new_etag, operation_of
from simulator.ids import number_for, uuid_for
from simulator.names import COMPANIES, FLOWS, flow_name
from simulator.sandbox import Sandbox
from simulator.vendors import CRM_SOURCE, DATA_LAKE, PROFILE_STORE, VENDORS, Vendor
from simulator.wire import Json

TRANSITION_SECONDS = 45 * 60


def seed_flows(place: Sandbox, count: int) -> list[Flow]:
    """Fill the sandbox with `count` destination dataflows, and one source dataflow beside them:
    the platform lists both under /flows, and a client must tell them apart."""
    made = [_flow(place, index) for index in range(count)]
    for flow in made:
        place.flows[flow.id] = flow
    source = _source_flow(place)
    place.flows[source.id] = source
    return made


def _flow(place: Sandbox, index: int) -> Flow:
    key, kind, company, _ = FLOWS[index % len(FLOWS)]
    vendor = VENDORS[key]
    account = _account(place, vendor, company)
    source = _source(place, index, dataset=kind == "dataset")
    target = _target(place, index, vendor, account)
    fresh = kind == "new"
    made = int(place.began) - (600 if fresh else (450 - index % 200) * DAY)
    document = _head(place, index, made)
    document["state"] = "disabled" if kind == "disabled" else "enabled"
    spec = vendor.dataset_spec if kind == "dataset" else vendor.flow_spec
    document["flowSpec"] = {"id": spec, "version": "1.0"}
    document.update(_links(source, target, account))
    document["transformations"] = [] if kind == "dataset" else [_transform(place, index, vendor)]
    if kind == "dataset":
        document["scheduleParams"] = {"interval": 1, "timeUnit": "day", "startTime": made}
    document["lastOperation"] = operation_of("create" if fresh else "update", made * 1000, not fresh)
    flow = Flow(document, kind)
    if fresh:
        flow.transition_until = place.began + TRANSITION_SECONDS
        place.transitions.append(flow)
    return flow


def _common(place: Sandbox, entity: str, name: str, made: float) -> Json:
    etag = new_etag(place.seed, entity)
    return {
        "id": entity,
        "createdAt": millis(made),
        "updatedAt": millis(made) + 900,
        "createdBy": "5A1B2C3D4E5F60718293A4B5@AdobeID",
        "updatedBy": "acp_foundation_connectors@AdobeID",
        "createdClient": "exc_app",
        "updatedClient": "acp_foundation_connectors",
        "sandboxId": place.id,
        "sandboxName": place.name,
        "imsOrgId": place.org,
        "name": name,
        "version": etag,
        "etag": etag,
    }


def _head(place: Sandbox, index: int, made: int) -> Json:
    flow = uuid_for(place.seed, "flow", index)
    document = _common(place, flow, flow_name(index), made)
    document["description"] = f"Files for {COMPANIES[FLOWS[index % len(FLOWS)][2]]}"
    document["runs"] = f"/runs?property=flowId=={flow}"
    return document


def _account(place: Sandbox, vendor: Vendor, company: int) -> Json:
    entity = uuid_for(place.seed, "account", vendor.key, company)
    if entity in place.connections:
        return place.connections[entity]
    account = _common(place, entity, f"{COMPANIES[company]} – {vendor.name} account", place.began - 500 * DAY)
    # Masked, yet still a value that must never reach a page: a test can search for it.
    if vendor.auth == "Access Key":
        params = {"s3AccessKey": "AKIDEMO", "s3SecretKey": "***MASKED-7f3a***"}
    else:
        params = {"username": "integration", "password": "***MASKED-7f3a***", "host": "files.example.com"}
    account |= {
        "description": "",
        "state": "enabled",
        "connectionSpec": {"id": vendor.spec, "version": "1.0"},
        "auth": {"specName": vendor.auth, "params": params},
    }
    place.connections[entity] = account
    return account


def _source(place: Sandbox, index: int, dataset: bool) -> Json:
    spec = DATA_LAKE if dataset else PROFILE_STORE
    entity = uuid_for(place.seed, "source", index)
    source = _common(place, entity, f"Source of {flow_name(index)}", place.began - 450 * DAY)
    source |= {
        "description": "",
        "state": "enabled",
        "baseConnectionId": uuid_for(place.seed, "store", spec),
        "connectionSpec": {"id": spec, "version": "1.0"},
        "data": {"format": "parquet" if dataset else "CSV", "schema": None},
        "params": {},
        "inheritedAttributes": {"connectionSpec": {"id": spec, "version": "1.0"}},
        "typeInfo": {"type": "DataSet" if dataset else "ProfileFragments", "id": "ups"},
    }
    place.sources[entity] = source
    return source


def _target(place: Sandbox, index: int, vendor: Vendor, account: Json) -> Json:
    entity = uuid_for(place.seed, "target", index)
    target = _common(place, entity, f"Target of {flow_name(index)}", place.began - 450 * DAY)
    spec = {"id": vendor.spec, "version": "1.0"}
    target |= {
        "description": "",
        "state": "enabled",
        "baseConnectionId": account["id"],
        "connectionSpec": spec,
        "params": dict(vendor.params),
        "inheritedAttributes": {
            "baseConnection": {"id": account["id"], "connectionSpec": spec},
            "connectionSpec": spec,
        },
    }
    place.targets[entity] = target
    return target


def _links(source: Json, target: Json, account: Json) -> Json:
    kind = "ProfileFragments" if source["connectionSpec"]["id"] == PROFILE_STORE else "DataSet"
    base = {"id": account["id"], "connectionSpec": account["connectionSpec"]}
    return {
        "sourceConnectionIds": [source["id"]],
        "targetConnectionIds": [target["id"]],
        "inheritedAttributes": {
            "properties": {"isDestinationFlow": True},
            "sourceConnections": [
                {
                    "id": source["id"],
                    "connectionSpec": source["connectionSpec"],
                    "typeInfo": {"type": kind, "id": "ups"},
                }
            ],
            "targetConnections": [
                {"id": target["id"], "connectionSpec": target["connectionSpec"], "baseConnection": base}
            ],
        },
    }


def _transform(place: Sandbox, index: int, vendor: Vendor) -> Json:
    params: Json = {"segmentSelectors": {"selectors": []}}
    if vendor.batch:
        params["mandatoryFields"] = ["ECID"]
        params["primaryFields"] = [{"fieldType": "IDENTITY", "identityNamespace": "ECID"}]
    params["profileMapping"] = {"mappingId": uuid_for(place.seed, "mapping", index), "mappingVersion": 0}
    return {"name": "GeneralTransform", "params": params}


def _source_flow(place: Sandbox) -> Flow:
    made = int(place.began) - 600 * DAY
    entity = uuid_for(place.seed, "source-flow")
    document = _common(place, entity, "Store systems to data lake", made)
    source, target = uuid_for(place.seed, "crm"), uuid_for(place.seed, "lake")
    spec = {"id": CRM_SOURCE, "version": "1.0"}
    document |= {
        "description": "",
        "state": "enabled",
        "flowSpec": {"id": uuid_for("flow-spec", "crm"), "version": "1.0"},
        "sourceConnectionIds": [source],
        "targetConnectionIds": [target],
        "inheritedAttributes": {
            "sourceConnections": [{"id": source, "connectionSpec": spec}],
            "targetConnections": [{"id": target, "connectionSpec": {"id": DATA_LAKE, "version": "1.0"}}],
        },
        "transformations": [],
        "runs": f"/runs?property=flowId=={entity}",
        "lastOperation": operation_of("create", made * 1000, done=True),
    }
    return Flow(document, "source")


def flow_hour(place: Sandbox, flow: Flow) -> int:
    """The UTC hour of a dataflow's scheduled export, never within the first two hours after the start:
    a demo or a test must not begin in the middle of a cycle."""
    return (int(place.began // 3_600) + 3 + number_for(20, place.seed, "hour", flow.id)) % 24
