import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.QueryableStoreTypes;

/** The topic as a KTable in RocksDB: the last event of each key. Arguments: broker, topic, group, events, folder. */
public class MandatesTable {
  static final AtomicLong seen = new AtomicLong();
  static final CountDownLatch done = new CountDownLatch(1);
  static long events;
  static long began;

  /** Called once for every record, just before it is processed. */
  public static class Count implements TimestampExtractor {
    public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
      long number = seen.incrementAndGet();
      if (number == 1) {
        began = System.nanoTime();
        System.out.println("first");
      }
      if (number == events) done.countDown();
      return record.timestamp();
    }
  }

  public static void main(String[] args) throws Exception {
    events = Long.parseLong(args[3]);
    Path folder = Path.of(args[4]);
    Properties settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, args[2]);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, folder.resolve("state").toString());
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
    settings.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, StreamsConfig.OPTIMIZE);
    settings.put(StreamsConfig.DEFAULT_TIMESTAMP_EXTRACTOR_CLASS_CONFIG, Count.class);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");

    StreamsBuilder builder = new StreamsBuilder();
    // The topic is its own changelog: nothing is written back to Kafka.
    builder.table(
        args[1],
        Consumed.with(Serdes.String(), Serdes.Bytes()),
        Materialized.<String, Bytes, KeyValueStore<Bytes, byte[]>>as("mandates"));
    KafkaStreams streams = new KafkaStreams(builder.build(settings), settings);
    streams.start();
    if (!done.await(10, TimeUnit.MINUTES)) throw new IllegalStateException("saw " + seen + " of " + events + " events");
    System.out.println("done " + (System.nanoTime() - began) / 1e9);

    try (var out = Files.newBufferedWriter(folder.resolve("table.unfinished"))) {
      var store = streams.store(StoreQueryParameters.fromNameAndType("mandates", QueryableStoreTypes.<String, Bytes>keyValueStore()));
      try (var entries = store.all()) {
        while (entries.hasNext()) out.write(new String(entries.next().value.get(), StandardCharsets.UTF_8) + "\n");
      }
    }
    Files.move(folder.resolve("table.unfinished"), folder.resolve("table"));
    System.out.println("written");
    streams.close();
  }
}
