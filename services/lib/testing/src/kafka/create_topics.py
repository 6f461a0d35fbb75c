"""Creates topics with six partitions. Usage: create_topics.py BROKERS TOPICS"""

import sys

from confluent_kafka.admin import AdminClient, NewTopic

topics = [NewTopic(name, num_partitions=6, replication_factor=1) for name in sys.argv[2].split(",")]
admin = AdminClient({"bootstrap.servers": sys.argv[1], "log_level": 0})
for created in admin.create_topics(topics).values():
    created.result(60)
