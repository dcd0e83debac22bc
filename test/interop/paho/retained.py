"""Retained messages: set, replaced, cleared."""

from peer import Peer, arguments, tell

port, version = arguments()
publisher = Peer(port, version, "publisher")


def latest():
    """What a new subscriber is brought."""
    reader = Peer(port, version, "reader")
    reader.subscribe([("state", 2), ("state/end", 0)])
    seen = []
    while not seen or seen[-1][0] != "state/end":
        seen += reader.take(1)
    reader.disconnect()
    return sorted(seen)


publisher.publish("state/end", "end", 0, True)
publisher.publish("state", "on", 1, True)
first = latest()
publisher.publish("state", "off", 1, True)
second = latest()
publisher.publish("state", "", 1, True)
third = latest()

live = Peer(port, version, "live")
live.subscribe("state", 1)
publisher.publish("state", "live", 1, True)
tell({"set": first, "replaced": second, "cleared": third, "live": live.take(1)})
