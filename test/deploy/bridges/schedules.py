"""Bridges `scheduled-time` and `schedule-retries`: EventBridge Scheduler as AWS runs it, on the deployment's clock."""

import json
import zlib
from datetime import datetime, timezone

from ministack.core.responses import new_uuid, request_scope
from ministack.services import eventbridge, lambda_svc, scheduler

import clock

# AWS fires anywhere within the minute. Here it is a fixed second per schedule, so that regions differ and runs do not.
_SPREAD_SECONDS = 20
_TICK_WALL_SECONDS = 0.1

_next = {}  # state key -> epoch seconds of the next occurrence
_done = set()  # one-time schedules that have fired


def install():
    scheduler._now = clock.now
    scheduler._tick_schedules = _tick
    scheduler._SCHEDULE_TICK_INTERVAL = _TICK_WALL_SECONDS
    eventbridge._dispatch_to_lambda = _invoke_asynchronously


def _tick():
    now = clock.now()
    for key, schedule in list(scheduler._schedules._data.items()):
        if schedule.get("State") != "ENABLED":
            _next.pop(key, None)
            continue
        occurrence = _next.get(key)
        if occurrence is None:
            occurrence = _next[key] = _first(schedule, now)
        if occurrence is None or now < occurrence + _spread(schedule):
            continue
        one_time = scheduler._at_time_epoch(schedule["ScheduleExpression"]) is not None
        if one_time and key in _done:
            continue
        _done.add(key)
        _next[key] = occurrence if one_time else _following(schedule, occurrence)
        _fire(key, schedule, occurrence)
    for key in [key for key in _next if key not in scheduler._schedules._data]:
        _next.pop(key)
        _done.discard(key)


def _first(schedule, now):
    at = scheduler._at_time_epoch(schedule["ScheduleExpression"])
    if at is not None:
        return at
    if eventbridge._parse_rate_seconds(schedule["ScheduleExpression"]) is not None:
        return int(now)  # "starts invoking the target immediately"
    return _following(schedule, now)


def _following(schedule, after):
    expression = schedule["ScheduleExpression"]
    rate = eventbridge._parse_rate_seconds(expression)
    if rate is not None:
        return after + rate
    fields = eventbridge._parse_cron_fields(expression)
    following = eventbridge._cron_next_fire(fields, datetime.fromtimestamp(after, tz=timezone.utc))
    return None if following is None else following.timestamp()


def _spread(schedule):
    if scheduler._at_time_epoch(schedule["ScheduleExpression"]) is not None:
        return 0
    return zlib.crc32(schedule["Arn"].encode()) % _SPREAD_SECONDS


def _fire(key, schedule, occurrence):
    account, region, _name = key
    target = dict(schedule["Target"])
    if "Input" in target:
        target["Input"] = _with_context(target["Input"], schedule, occurrence)
    event = {
        "EventId": new_uuid(),
        "Source": "aws.scheduler",
        "DetailType": "Scheduled Event",
        "Detail": "{}",
        "Time": occurrence,
        "Resources": [schedule["Arn"]],
        "Account": account,
        "Region": region,
    }
    with request_scope(account, region):
        eventbridge._invoke_target(target, event, schedule)


def _with_context(text, schedule, occurrence):
    for name, value in {
        "scheduled-time": datetime.fromtimestamp(occurrence, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "schedule-arn": schedule["Arn"],
        "execution-id": new_uuid(),
        "attempt-number": "1",
    }.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def _invoke_asynchronously(arn, payload):
    """As Lambda's Invoke with `InvocationType: Event`: retries and the on-failure destination are the function's own."""
    function, config, name = lambda_svc._get_func_record_for_ref(arn)
    if function is None or config is None:
        raise LookupError(f"there is no function {name}")
    lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(function, config), json.loads(payload))
