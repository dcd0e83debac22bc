"""A session is resumed with the messages that came meanwhile, and begun anew."""

from peer import Peer, arguments, tell

port, version = arguments()
publisher = Peer(port, version, "publisher")

first = Peer(port, version, "device", clean=False, expiry=3600)
first.subscribe("orders", 2)
first.vanish()

for number in range(50):
    publisher.publish("orders", str(number), 1 + number % 2)

second = Peer(port, version, "device", clean=False, expiry=3600)
waited = [int(text) for _, text, _, _ in second.take(50)]
second.disconnect()

fresh = Peer(port, version, "device", clean=True)
publisher.publish("orders", "nobody", 1)
fresh.subscribe("orders", 1)
publisher.publish("orders", "somebody", 1)
tell(
    {
        "present": [first.session_present, second.session_present, fresh.session_present],
        "waited": sorted(waited),
        "fresh": fresh.take(1),
    }
)
