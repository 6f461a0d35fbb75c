"""Reads topics from their beginning and prints one line of JSON per record.

Usage: read_topics.py BROKERS TOPICS IDS SECONDS
Ends when the records have IDS different CloudEvents ids and no further record came for a second, or after SECONDS.
"""

import json
import sys
import time

from confluent_kafka import Consumer, OFFSET_BEGINNING, TopicPartition

brokers, topics, wanted, seconds = sys.argv[1], sys.argv[2].split(","), int(sys.argv[3]), float(sys.argv[4])
consumer = Consumer({"bootstrap.servers": brokers, "group.id": "reader", "enable.auto.commit": False, "log_level": 0})
until = time.monotonic() + seconds
partitions = []
while not partitions and time.monotonic() < until:
    found = consumer.list_topics(timeout=10).topics
    if all(name in found and not found[name].error for name in topics):
        partitions = [TopicPartition(name, p, OFFSET_BEGINNING) for name in topics for p in found[name].partitions]
    else:
        time.sleep(0.2)
consumer.assign(partitions)
ids = set()
quiet_since = time.monotonic()
while time.monotonic() < until and (len(ids) < wanted or time.monotonic() - quiet_since < 1):
    records = consumer.consume(1000, timeout=0.2)
    for record in records:
        if record.error():
            continue
        quiet_since = time.monotonic()
        value = json.loads(record.value())
        ids.add(value.get("id"))
        headers = {name: text.decode() for name, text in record.headers() or []}
        key = None if record.key() is None else record.key().decode()
        place = {"topic": record.topic(), "partition": record.partition(), "offset": record.offset()}
        print(json.dumps({**place, "key": key, "headers": headers, "value": value}))
consumer.close()
