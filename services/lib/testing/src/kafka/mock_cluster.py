"""Starts librdkafka's mock cluster, prints its brokers, and runs until standard input ends.

Usage: mock_cluster.py [TOPIC ...]
"""

import sys

from confluent_kafka import Producer

producer = Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": 1, "log_level": 0})
for topic in sys.argv[1:]:
    # The first look of a producer creates the topic.
    while producer.list_topics(topic, timeout=60).topics[topic].error:
        pass
brokers = producer.list_topics(timeout=60).brokers.values()
print("Mock cluster on", ",".join(f"{broker.host}:{broker.port}" for broker in brokers), flush=True)
sys.stdin.read()
