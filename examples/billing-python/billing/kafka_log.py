"""What Dapr does not offer of Kafka: the offsets of the topic and of the consumer group, and single records."""

from collections.abc import Mapping

from confluent_kafka import (
    OFFSET_INVALID,
    TIMESTAMP_NOT_AVAILABLE,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)

TIMEOUT_S = 10.0


class KafkaLog:
    """Reads the log without joining the consumer group. One thread may use it."""

    def __init__(self, brokers: str, group: str, topic: str) -> None:
        self._topic = topic
        self._consumer = Consumer(
            {
                "bootstrap.servers": brokers,
                "group.id": group,
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                # The sidecar delivers records of aborted transactions as well.
                "isolation.level": "read_uncommitted",
                "auto.offset.reset": "error",
                "log_level": 2,
            }
        )

    def committed(self) -> Mapping[int, int]:
        asked = [TopicPartition(self._topic, partition) for partition in self._partitions()]
        answered = self._consumer.committed(asked, timeout=TIMEOUT_S)
        for one in answered:
            if one.error:
                raise KafkaException(one.error)
        return {one.partition: one.offset for one in answered if one.offset != OFFSET_INVALID}

    def ranges(self) -> Mapping[int, tuple[int, int]]:
        return {partition: self._range(partition) for partition in self._partitions()}

    def find(self, partition: int, first: int, last: int) -> tuple[int, int] | None:
        self._consumer.assign([TopicPartition(self._topic, partition, first)])
        try:
            message = self._consumer.poll(TIMEOUT_S)
        finally:
            self._consumer.unassign()
        if message is None:
            raise TimeoutError(f"Kafka did not answer within {TIMEOUT_S} s")
        error, offset = message.error(), message.offset()
        if error and error.code() == KafkaError._PARTITION_EOF:
            return None
        if error or offset is None:
            raise KafkaException(error)
        kind, time = message.timestamp()
        return None if offset > last else (offset, -1 if kind == TIMESTAMP_NOT_AVAILABLE else time)

    def _partitions(self) -> list[int]:
        topic = self._consumer.list_topics(self._topic, timeout=TIMEOUT_S).topics[self._topic]
        if topic.error:
            raise KafkaException(topic.error)
        return sorted(topic.partitions)

    def _range(self, partition: int) -> tuple[int, int]:
        found = self._consumer.get_watermark_offsets(TopicPartition(self._topic, partition), timeout=TIMEOUT_S)
        if found is None:
            raise TimeoutError(f"Kafka did not answer within {TIMEOUT_S} s")
        return found
