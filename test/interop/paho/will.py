"""Wills: of a client that vanishes, and not of one that disconnects."""

from peer import Peer, arguments, tell

port, version = arguments()
watcher = Peer(port, version, "watcher")
watcher.subscribe("will/#", 2)

Peer(port, version, "quits", will=("will/quits", "gone", 1, False)).disconnect()
Peer(port, version, "dies", will=("will/dies", "gone", 2, True)).vanish()
seen = watcher.take(1)

late = Peer(port, version, "late")
late.subscribe("will/#", 1)
tell({"seen": seen, "retained": late.take(1), "more": watcher.messages.qsize()})
