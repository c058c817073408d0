import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads partition 0 of a topic to its end and prints each record as a line of JSON, bytes as base64.
 *
 * <p>Arguments: servers, address of the registry, topic and, to read with another schema than the
 * writer's, a file with it.
 */
public final class ReadRecords {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final String registry;
    private final Schema reader;
    private final Map<Integer, Schema> writers = new HashMap<>();

    private ReadRecords(String registry, Schema reader) {
        this.registry = registry;
        this.reader = reader;
    }

    public static void main(String[] given) throws Exception {
        Schema reader = given.length < 4 ? null : new Schema.Parser().parse(Files.readString(Path.of(given[3])));
        new ReadRecords(given[1], reader).run(given[0], given[2]);
    }

    private void run(String servers, String topic) throws Exception {
        Map<String, Object> settings = Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, servers,
                ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed",
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false,
                ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class,
                ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        TopicPartition partition = new TopicPartition(topic, 0);
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings)) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            long until = System.nanoTime() + PATIENCE.toNanos();
            while (consumer.position(partition) < end) {
                if (System.nanoTime() > until) {
                    throw new IOException("not read to the end in time");
                }
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    out.println(JSON.writeValueAsString(line(record)));
                }
            }
        }
    }

    private Map<String, Object> line(ConsumerRecord<byte[], byte[]> record) throws Exception {
        ByteBuffer value = ByteBuffer.wrap(record.value());
        if (value.get() != 0) {
            throw new IOException("the value doesn't begin with a zero");
        }
        int id = value.getInt();
        Schema writer = writer(id);
        GenericDatumReader<GenericRecord> read = new GenericDatumReader<>(writer, reader == null ? writer : reader);
        BinaryDecoder decoder = DecoderFactory.get()
                .binaryDecoder(value.array(), value.position(), value.remaining(), null);
        GenericRecord found = read.read(null, decoder);
        if (!decoder.isEnd()) {
            throw new IOException("the value goes on after the record");
        }
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("offset", record.offset());
        line.put("key", new String(record.key(), StandardCharsets.UTF_8));
        line.put("schema", id);
        line.put("name", found.getSchema().getFullName());
        line.put("record", plain(found));
        return line;
    }

    private Schema writer(int id) throws Exception {
        Schema known = writers.get(id);
        if (known == null) {
            HttpRequest question = HttpRequest.newBuilder(URI.create(registry + "/schemas/ids/" + id)).build();
            String answer = HTTP.send(question, BodyHandlers.ofString()).body();
            known = new Schema.Parser().parse(JSON.readTree(answer).get("schema").asText());
            writers.put(id, known);
        }
        return known;
    }

    /** A value as Jackson writes it. */
    private static Object plain(Object value) {
        if (value instanceof GenericRecord) {
            GenericRecord record = (GenericRecord) value;
            Map<String, Object> members = new LinkedHashMap<>();
            record.getSchema().getFields().forEach(field -> members.put(field.name(), plain(record.get(field.pos()))));
            return members;
        }
        if (value instanceof Iterable) {
            List<Object> items = new ArrayList<>();
            ((Iterable<?>) value).forEach(item -> items.add(plain(item)));
            return items;
        }
        if (value instanceof ByteBuffer) {
            ByteBuffer bytes = (ByteBuffer) value;
            byte[] copy = new byte[bytes.remaining()];
            bytes.duplicate().get(copy);
            return Base64.getEncoder().encodeToString(copy);
        }
        return value instanceof CharSequence ? value.toString() : value;
    }
}
