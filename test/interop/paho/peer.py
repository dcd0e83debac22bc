"""A paho client whose events can be waited for. Scripts beside this one print what they saw as one line of JSON."""

import json
import queue
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

PATIENCE = 10


def arguments():
    """Port and protocol version (3, 4 or 5) from the command line."""
    return int(sys.argv[1]), int(sys.argv[2])


def tell(value):
    print(json.dumps(value))


def properties(packet_type, **values):
    filled = Properties(packet_type)
    for name, value in values.items():
        setattr(filled, name, value)
    return filled


class Peer:
    """Connects, and waits for the answer to everything it asks."""

    def __init__(self, port, version, name="", clean=True, will=None, expiry=0, window=20):
        session = {} if version == mqtt.MQTTv5 else {"clean_session": clean}
        self.version = version
        self.client = mqtt.Client(name, protocol=version, **session)
        self.client.max_inflight_messages_set(window)
        self.client.max_queued_messages_set(0)
        self.messages = queue.Queue()
        self._connected = queue.Queue()
        self._subscribed = queue.Queue()
        self.client.on_connect = lambda client, data, flags, code, *rest: self._connected.put((flags, code, *rest))
        self.client.on_subscribe = lambda client, data, mid, codes, *rest: self._subscribed.put(codes)
        self.client.on_message = lambda client, data, message: self.messages.put(message)
        if will is not None:
            self.client.will_set(*will)
        if version == mqtt.MQTTv5:
            asked = properties(PacketTypes.CONNECT, SessionExpiryInterval=expiry)
            self.client.connect("127.0.0.1", port, clean_start=clean, properties=asked)
        else:
            self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        flags, code, *_ = self._connected.get(timeout=PATIENCE)
        assert code == 0, code
        self.session_present = flags["session present"]

    def subscribe(self, *args, **kwargs):
        result, _ = self.client.subscribe(*args, **kwargs)
        assert result == mqtt.MQTT_ERR_SUCCESS, result
        return [getattr(code, "value", code) for code in self._subscribed.get(timeout=PATIENCE)]

    def publish(self, *args, **kwargs):
        """Returns when the flow has ended."""
        self.client.publish(*args, **kwargs).wait_for_publish(PATIENCE)

    def take(self, count):
        """The next messages, as topic, text, QoS and RETAIN."""
        return [self.brief(self.messages.get(timeout=PATIENCE)) for _ in range(count)]

    @staticmethod
    def brief(message):
        return [message.topic, message.payload.decode(), message.qos, int(message.retain)]

    def disconnect(self):
        self.client.disconnect()
        self.client.loop_stop()

    def vanish(self):
        """Closes the Network Connection without a DISCONNECT."""
        self.client._thread_terminate = True
        self.client.socket().shutdown(2)
        self.client.loop_stop()
