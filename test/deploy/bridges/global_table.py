"""Bridges `global-table-replicas` and `global-table-settings`: CloudFormation's AWS::DynamoDB::GlobalTable.

Replication itself is here too. MiniStack's own copies a write within the request that makes it; AWS takes up to a
second, and in a partition it takes as long as that lasts. So writes wait in a line, in the order of their time, and
of two to the same key the later one wins.
@see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
"""

import copy
import threading
import time

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

_lock = threading.RLock()
_waiting = []  # writes that have not arrived, in the order of their time
_newest = {}  # (account, region, table, key) -> stamp of the write that the region holds
_settings = {"lagMs": 0, "partitioned": []}
_TICK_WALL_SECONDS = 0.01


def install():
    handlers = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::GlobalTable"]
    create, update = handlers["create"], handlers["update"]

    def create_with_replicas(logical_id, props, stack_name):
        name, attributes = create(logical_id, props, stack_name)
        _apply_settings(name, props)
        _change_replicas(name, "Create", _other_regions(props))
        return name, attributes

    def update_with_replicas(physical_id, old_props, new_props, stack_name):
        name, attributes = update(physical_id, old_props, new_props, stack_name)
        added = _other_regions(new_props) - _other_regions(old_props)
        removed = _other_regions(old_props) - _other_regions(new_props)
        if len(added) + len(removed) > 1:
            raise ValueError("Update of a GlobalTable adds or removes one replica at a time.")
        _change_replicas(name, "Create", added)
        _change_replicas(name, "Delete", removed)
        _apply_settings(name, new_props)
        return name, attributes

    handlers["create"], handlers["update"] = create_with_replicas, update_with_replicas
    dynamodb._replicate_write = _send
    threading.Thread(target=_deliver_forever, daemon=True, name="replication").start()


def configure(settings):
    """`lagMs`: of the wall's clock. `partitioned`: regions that neither send nor receive; what they miss waits."""
    with _lock:
        _settings.update(settings)


def _other_regions(props):
    return {replica["Region"] for replica in props["Replicas"]} - {get_region()}


def _change_replicas(name, action, regions):
    updates = [{action: {"RegionName": region}} for region in sorted(regions)]
    error = dynamodb._apply_replica_updates(name, dynamodb._tables[name], updates) if updates else None
    if error:
        raise ValueError(f"AWS::DynamoDB::GlobalTable: {error[2]!r}")


def _apply_settings(name, props):
    own = next(replica for replica in props["Replicas"] if replica["Region"] == get_region())
    dynamodb._tables[name]["DeletionProtectionEnabled"] = own.get("DeletionProtectionEnabled") in (True, "true")
    recovery = own.get("PointInTimeRecoverySpecification") or {}
    dynamodb._pitr_settings[name] = recovery.get("PointInTimeRecoveryEnabled") in (True, "true")
    ttl = props.get("TimeToLiveSpecification")
    if ttl and ttl.get("Enabled") in (True, "true"):
        dynamodb._ttl_settings[name] = {"TimeToLiveStatus": "ENABLED", "AttributeName": ttl["AttributeName"]}


def _send(table, _event_name, old_item, new_item):
    regions = dynamodb._replica_group(table)
    if not regions:
        return
    account, origin, name = get_account_id(), get_region(), table["TableName"]
    item = new_item if new_item is not None else old_item
    key = (
        dynamodb._extract_key_val(item[table["pk_name"]]),
        dynamodb._extract_key_val(item[table["sk_name"]]) if table["sk_name"] else "__no_sort__",
    )
    stamp = (time.time(), origin)
    with _lock:
        _newest[(account, origin, name, key)] = stamp
        for region in regions:
            if region != origin:
                _waiting.append((stamp, account, region, name, key, copy.deepcopy(new_item)))


def _deliver_forever():
    while True:
        time.sleep(_TICK_WALL_SECONDS)
        with _lock:
            _deliver(time.time() - _settings["lagMs"] / 1000, set(_settings["partitioned"]))


def _deliver(written_until, partitioned):
    later = []
    for write in _waiting:
        stamp, account, region, name, key, item = write
        written_at, origin = stamp
        if written_at > written_until or partitioned & {origin, region}:
            later.append(write)
        elif stamp > _newest.get((account, region, name, key), (0, "")):
            _newest[(account, region, name, key)] = stamp
            _store(account, region, name, key, item)
    _waiting[:] = later


def _store(account, region, name, key, item):
    with request_scope(account, region):
        replica = dynamodb._tables.get(name)
        if replica is None:
            return
        if item is None:
            dynamodb._remove_item(replica, *key)
        else:
            dynamodb._set_item(replica, *key, item)
