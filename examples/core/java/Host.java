import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A small host of the core: one connection, named queues with a channel each, and routes to them. */
final class Host {
  /** The channel that publishes; those of the queues come behind it. */
  private static final int PUBLISHER = 1;
  /** As much as one call may do. */
  private static final int WORK = 100_000;
  private static final int NO_OUTPUT = -1;
  private static final int ALL = -1;

  private static final class Queue {
    int address;
    int number;
    int channel;
    int consumer;
    String deadLetters;
  }

  private final Core core;
  private final Frames frames;
  private final int connection;
  private final Map<String, Queue> queues = new LinkedHashMap<>();
  private final Map<String, List<Integer>> routes = new HashMap<>();
  private int published;

  Host(Core core) {
    this.core = core;
    frames = new Frames(core);
    connection = core.call("openConnection", 0, 0);
    core.call("setFrameMax", connection, core.number("FRAME_MAX"));
    core.call("openChannel", connection, PUBLISHER);
  }

  /** Does a step, then all that follows of it. Returns what was delivered, and ready+unacknowledged of each queue. */
  String step(String line) {
    run(line.split(" "));
    var read = turn();
    var delivered = new ArrayList<String>();
    var left = new ArrayList<String>();
    queues.forEach((name, queue) -> {
      var here = read.stream().filter(message -> message.channel() == queue.number).map(Host::text).toList();
      if (!here.isEmpty()) {
        delivered.add(name + " " + String.join(" ", here));
      }
      left.add(core.call("readyCount", queue.address) + "+" + core.call("unackedCount", queue.channel));
    });
    return String.join(", ", delivered) + " | " + String.join(" ", left);
  }

  private void run(String[] step) {
    switch (step[0]) {
      case "queue" -> declare(step);
      case "route" -> routes.put(step[1], Arrays.stream(step).skip(2).map(name -> queues.get(name).address).toList());
      case "publish" -> {
        for (var i = 0; i < Integer.parseInt(step[2]); i++) {
          published += 1;
          var number = String.valueOf(published);
          var dots = Math.max(0, Integer.parseInt(step[3]) - number.length());
          publish(step[1], (number + ".".repeat(dots)).getBytes());
        }
      }
      case "consume" -> {
        var queue = queues.get(step[1]);
        var tag = step[1].getBytes();
        core.write(core.scratch(), tag);
        var prefetch = Integer.parseInt(step[2]);
        queue.consumer = core.call("addConsumer", queue.channel, queue.address, tag.length, 0, prefetch, 0);
      }
      case "cancel" -> core.call("cancelConsumer", queues.get(step[1]).consumer);
      case "get" -> core.call("getMessage", queues.get(step[1]).channel, queues.get(step[1]).address, 0);
      case "ack" -> settle(step, false, "SETTLE_DONE");
      case "ack-all" -> settle(step, true, "SETTLE_DONE");
      case "requeue" -> settle(step, false, "SETTLE_REQUEUE");
      case "reject" -> settle(step, false, "SETTLE_REJECT");
      case "recover" -> core.call("recover", queues.get(step[1]).channel);
      case "purge" -> core.call("purge", queues.get(step[1]).address, ALL);
      case "time" -> {
        core.call("setTime", Double.doubleToRawLongBits(Double.parseDouble(step[1])), Double.doubleToRawLongBits(0));
        while (core.call("sweep") != 0) {}
      }
      default -> throw new IllegalArgumentException("no step is called " + step[0]);
    }
  }

  /** `queue NAME TTL LENGTH REQUEUES DEAD`. */
  private void declare(String[] step) {
    var queue = new Queue();
    queue.number = PUBLISHER + 1 + queues.size();
    queue.address = core.call("createQueue");
    queue.channel = core.call("openChannel", connection, queue.number);
    queue.deadLetters = step[5];
    queues.put(step[1], queue);
    core.writeFeature("TTL", limit(step[2]));
    core.writeFeature("MAX_LENGTH", limit(step[3]));
    core.writeFeature("MAX_BYTES", Double.POSITIVE_INFINITY);
    core.writeFeature("DELIVERY_LIMIT", limit(step[4]));
    core.writeFeature("OVERFLOW", core.number("OVERFLOW_DROP_HEAD"));
    core.writeFeature("DEAD_LETTERS", step[5].equals("-") ? 0 : 1);
    core.writeFeature("DELIVERY_COUNT", 0);
    core.writeFeature("MAX_PRIORITY", 0);
    core.call("setFeatures", queue.address);
    // What keys lead to may have changed: every participant forgets the routes that it knew.
    core.call("applyTopology", core.call("raiseTopology"));
  }

  /** Brings a message in as its client sends it. */
  private void publish(String key, byte[] body) {
    var octets = frames.publish(PUBLISHER, key, body);
    var readAt = core.result("RESULT_READ_OFFSET");
    for (var at = 0; at < octets.length; at += core.result("RESULT_CONSUMED")) {
      var part = Arrays.copyOfRange(octets, at, Math.min(octets.length, at + core.result("RESULT_READ_LENGTH")));
      core.write(readAt, part);
      var stop = core.call("ingest", connection, readAt, part.length, WORK);
      if (stop == core.number("STOP_ROUTE")) {
        // A key that the core does not know, or does not know any more.
        var route = routes.getOrDefault(key, List.of());
        core.writeQueues(route);
        core.call("installRoute", connection, route.size(), 0, 0);
      } else if (stop != core.number("STOP_END")) {
        throw new IllegalStateException("a read stopped for " + stop);
      }
    }
  }

  private void settle(String[] step, boolean multiple, String how) {
    var tag = Double.doubleToRawLongBits(Double.parseDouble(step[2]));
    var channel = queues.get(step[1]).channel;
    if (core.call("settleDelivery", channel, tag, multiple ? 1 : 0, core.number(how)) == 0) {
      throw new IllegalArgumentException(step[1] + " has not delivered " + step[2]);
    }
  }

  /** What a host does in each turn, until nothing is left to do. Returns what the client has read. */
  private List<Frames.Message> turn() {
    var read = new ArrayList<Frames.Message>();
    for (var more = true; more; ) {
      var passed = passDeadLetters();
      more = core.call("serve") != 0 || passed;
      while (core.call("nextOutput") != NO_OUTPUT) {
        var octets = core.read(core.result("RESULT_OUTPUT_OFFSET"), core.result("RESULT_OUTPUT_LENGTH"));
        read.addAll(frames.messages(octets));
        // As soon as the octets are out of the core's memory it may use it again.
        core.call("written", connection, core.result("RESULT_OUTPUT_BOX"));
        more = true;
      }
    }
    return read;
  }

  /** Sends on what died in a queue with dead letters. True: there were some. */
  private boolean passDeadLetters() {
    var passed = false;
    for (var message = core.call("nextDead"); message != 0; message = core.call("nextDead")) {
      var address = core.result("RESULT_DEAD_QUEUE");
      var queue = queues.values().stream().filter(one -> one.address == address).findFirst().orElseThrow();
      republish(message, queues.get(queue.deadLetters).address);
      core.call("settleDead");
      passed = true;
    }
    return passed;
  }

  /** A copy under the same key and with the same properties, for another queue. */
  private void republish(int message, int queue) {
    var key = core.read(core.call("messageKeyOffset", message), core.call("messageKeyLength", message));
    var header = core.read(core.call("messageHeaderOffset", message), core.call("messageHeaderLength", message));
    var copy = core.call("beginCopy", message, key.length, header.length, 1);
    if (copy == 0) {
      throw new IllegalStateException("no memory for a dead letter");
    }
    core.write(core.call("messageKeyOffset", copy), key);
    core.write(core.call("messageHeaderOffset", copy), header);
    core.call("endCopy", copy);
    core.writeQueues(List.of(queue));
    core.call("publishTo", copy, 1);
    core.call("releaseMessage", copy);
  }

  private static double limit(String rule) {
    return rule.equals("-") ? Double.POSITIVE_INFINITY : Double.parseDouble(rule);
  }

  /** How a delivery stands in an outcome: its tag, the number of its message, and whether it came before. */
  private static String text(Frames.Message message) {
    var body = new String(message.body(), 0, Math.min(12, message.body().length));
    return message.tag() + ":" + body.replace(".", "") + (message.redelivered() ? "r" : "");
  }
}
