"""Messages of every QoS in both directions, many at once, and one that is large."""

from peer import Peer, arguments, tell

port, version = arguments()
subscriber = Peer(port, version, "subscriber")
publisher = Peer(port, version, "publisher", window=0)

granted = [subscriber.subscribe("one/+", 2), subscriber.subscribe("many/#", 2)]
for qos in (0, 1, 2):
    publisher.publish(f"one/{qos}", f"21.5 °C {qos}", qos)
single = subscriber.take(3)

for number in range(3000):
    publisher.client.publish(f"many/{number % 7}", str(number), number % 3)
many = [int(text) for _, text, _, _ in subscriber.take(3000)]
lanes = [[n for n in many if n % 3 == qos and n % 7 == topic] for qos in range(3) for topic in range(7)]
in_order = all(lane == sorted(lane) for lane in lanes)

publisher.publish("one/large", "x" * 1_000_000, 1)
large = len(subscriber.take(1)[0][1])

publisher.disconnect()
subscriber.disconnect()
tell({"granted": granted, "single": single, "many": len(set(many)), "inOrder": in_order, "large": large})
