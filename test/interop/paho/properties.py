"""What only MQTT 5.0 has: properties, Subscription Identifiers, options, Shared Subscriptions, expiry."""

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.subscribeoptions import SubscribeOptions
from peer import Peer, arguments, properties, tell

port, _ = arguments()
VERSION = mqtt.MQTTv5
publisher = Peer(port, VERSION, "publisher")
reader = Peer(port, VERSION, "reader")

identifier = properties(PacketTypes.SUBSCRIBE, SubscriptionIdentifier=4242)
reader.subscribe("p/#", options=SubscribeOptions(qos=1), properties=identifier)
sent = properties(
    PacketTypes.PUBLISH,
    PayloadFormatIndicator=1,
    ContentType="text/plain",
    ResponseTopic="answers/1",
    CorrelationData=b"\x00\x01\xff",
    MessageExpiryInterval=1000,
    UserProperty=[("zone", "north"), ("area", "wet"), ("zone", "south")],
)
publisher.publish("p/1", "x", 1, properties=sent)
seen = reader.messages.get(timeout=10).properties

local = Peer(port, VERSION, "local")
local.subscribe("l/#", options=SubscribeOptions(qos=1, noLocal=True))
local.subscribe("l/end", options=SubscribeOptions(qos=1))
local.publish("l/1", "own", 1)
local.publish("l/end", "end", 1)

published = Peer(port, VERSION, "published")
publisher.publish("r", "kept", 0, True)
never = SubscribeOptions.RETAIN_DO_NOT_SEND
published.subscribe("r", options=SubscribeOptions(qos=0, retainHandling=never, retainAsPublished=True))
publisher.publish("r", "live", 0, True)

members = [Peer(port, VERSION, f"member-{number}") for number in range(3)]
for member in members:
    member.subscribe("$share/workers/jobs", options=SubscribeOptions(qos=1))
for number in range(30):
    publisher.publish("jobs", str(number), 1)
shares = [[int(text) for _, text, _, _ in member.take(10)] for member in members]

tell(
    {
        "seen": {
            "identifier": seen.SubscriptionIdentifier,
            "format": seen.PayloadFormatIndicator,
            "contentType": seen.ContentType,
            "responseTopic": seen.ResponseTopic,
            "correlationData": list(seen.CorrelationData),
            "expiry": seen.MessageExpiryInterval,
            "userProperties": seen.UserProperty,
        },
        "local": local.take(1),
        "asPublished": published.take(1),
        "shares": shares,
    }
)
