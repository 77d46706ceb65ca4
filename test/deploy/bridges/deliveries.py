"""Bridges `email-and-sms`, `https-confirmation` and `subscribe-url`: what SNS sends to people, and asks of a webhook."""

import asyncio
import threading

from ministack.core.arn import parse_arn
from ministack.core.responses import new_uuid, request_scope
from ministack.services import sns
from ministack.services.cloudformation import provisioners

_sent = []


def install():
    fan_out = sns._fanout

    def fan_out_and_keep(topic_arn, msg_id, message, subject, message_structure="", message_attributes=None, *rest, **more):
        fan_out(topic_arn, msg_id, message, subject, message_structure, message_attributes, *rest, **more)
        topic = sns._topic_by_arn_any_scope(topic_arn)
        for subscription in topic["subscriptions"] if topic else []:
            if subscription["protocol"] not in ("email", "sms"):
                continue
            text = sns._resolve_message_for_protocol(message, message_structure, subscription["protocol"])
            if sns._matches_filter_policy(subscription, message_attributes or {}, text):
                _keep(parse_arn(topic_arn), subscription, text, message_attributes or {})

    sns._fanout = fan_out_and_keep

    confirm = sns._confirm_subscription

    def confirm_in_its_region(params):
        topic = parse_arn(sns._p(params, "TopicArn"))
        with request_scope(topic.account_id, topic.region):
            return confirm(params)

    sns._confirm_subscription = confirm_in_its_region

    handlers = provisioners._RESOURCE_HANDLERS["AWS::SNS::Subscription"]
    create = handlers["create"]

    def create_and_ask(logical_id, props, stack_name):
        arn, attributes = create(logical_id, props, stack_name)
        topic_arn = props["TopicArn"]
        subscription = sns._find_subscription(topic_arn, arn)
        if not subscription["confirmed"]:
            subscription["token"] = new_uuid()
            asking = sns._send_subscription_confirmation(topic_arn, subscription)
            threading.Thread(target=asyncio.run, args=(asking,), daemon=True).start()
        return arn, attributes

    handlers["create"] = create_and_ask


def _keep(topic, subscription, text, attributes):
    protocol, endpoint = subscription["protocol"], subscription["endpoint"]
    values = {name: attribute.get("StringValue") for name, attribute in attributes.items()}
    _sent.append({"region": topic.region, "protocol": protocol, "endpoint": endpoint, "text": text, "attributes": values})
    if protocol == "sms":
        # Where MiniStack keeps what is published to a number.
        with request_scope(topic.account_id, topic.region):
            sns._sms_log_for(endpoint).append({"PhoneNumber": endpoint, "Message": text})


def all_sent():
    return list(_sent)
