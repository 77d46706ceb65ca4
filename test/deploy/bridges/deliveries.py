"""Bridges `email-and-sms` and `https-confirmation`: what SNS sends to people, and to a webhook before anything else."""

import asyncio
import threading

from ministack.core.arn import parse_arn
from ministack.core.responses import new_uuid
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
                _sent.append(
                    {
                        "region": parse_arn(topic_arn).region,
                        "protocol": subscription["protocol"],
                        "endpoint": subscription["endpoint"],
                        "subject": subject,
                        "text": text,
                    }
                )

    sns._fanout = fan_out_and_keep

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


def all_sent():
    return list(_sent)
