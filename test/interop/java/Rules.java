import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.BuiltinExchangeType;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.RpcClient;
import com.rabbitmq.client.RpcClientParams;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** What queues and exchanges do by their rules, as RabbitMQ's Java client sees it. */
public final class Rules {
  private static final String REPLY_TO = "amq.rabbitmq.reply-to";
  private static final String NAME = "java-rules-" + System.nanoTime();

  private final Connection connection = connect();
  private final Channel channel = connection.createChannel();

  private Rules() throws Exception {}

  public static void main(String[] arguments) throws Exception {
    new Rules().story();
    System.exit(0);
  }

  private void story() {
    Checks.check("has requests answered by direct replies", this::directReplies);
    Checks.check("is refused a direct reply that nobody waits for: 406", this::nobodyWaits);
    Checks.check("sees a transaction's messages after its commit, and what it acknowledged after a rollback", this::transactions);
    Checks.check("finds what was rejected, too old or too many among the dead letters, with the reason", this::deadLetters);
    Checks.check("gets messages by their priority, those of one priority in order", this::messagePriorities);
    Checks.check("counts the deliveries of a quorum queue, until its limit makes a dead letter", this::deliveryLimit);
    Checks.check("hands over from a single active consumer to the next", this::handsOver);
    Checks.check("serves consumers of a higher priority first", this::consumerPriorities);
    Checks.check("finds in the alternate exchange what was routed nowhere", this::alternates);
    Checks.check("sends copies by CC and BCC, and shows CC alone", this::copies);
    Checks.check("routes by headers: all, any, and presence", this::headers);
    Checks.check("routes through exchanges bound to exchanges, until they are unbound", this::throughExchanges);
    Checks.check("has returned messages before their confirms, and nacks when a queue is full", this::outcomes);
    Checks.check("hears of a deleted queue on every consumer, those that stand by too", this::cancels);
    Checks.check("is told by passive declares what is not there: 404", this::passives);
    Checks.check("is told which argument differs, and which is wrong: 406", this::inequivalent);
    Checks.check("is told of exclusive queues and consumers: 405 and 403", this::exclusives);
    Checks.check("is told of a delivery tag that is not known: 406", this::unknownTag);
    Checks.check("closes", connection::close);
  }

  private static Connection connect() throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setUri(System.getenv("AMQP_URL"));
    factory.setAutomaticRecoveryEnabled(false);
    return factory.newConnection("rules");
  }

  /** A new queue that goes with the connection. */
  private static String declared(Channel on, Map<String, Object> arguments) throws Exception {
    return on.queueDeclare("", false, true, false, arguments).getQueue();
  }

  private static Map<String, Object> deadLettersTo(String queue, Map<String, Object> more) {
    Map<String, Object> arguments = new HashMap<>(more);
    arguments.put("x-dead-letter-exchange", "");
    arguments.put("x-dead-letter-routing-key", queue);
    return arguments;
  }

  private static void send(Channel on, String exchange, String key, AMQP.BasicProperties properties, String body) throws Exception {
    on.basicPublish(exchange, key, properties, body.getBytes());
  }

  /** What comes from a queue. */
  private static BlockingQueue<Delivery> consumed(Channel on, String queue, boolean autoAck, String tag, Map<String, Object> arguments) throws Exception {
    BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
    on.basicConsume(queue, autoAck, tag, false, false, arguments, (consumer, delivery) -> deliveries.add(delivery), consumer -> {});
    return deliveries;
  }

  private static BlockingQueue<Delivery> consumed(Channel on, String queue) throws Exception {
    return consumed(on, queue, true, "", Map.of());
  }

  private static String body(Delivery delivery) {
    return new String(delivery.getBody());
  }

  private static List<String> bodies(BlockingQueue<Delivery> deliveries, int count) throws Exception {
    List<String> bodies = new ArrayList<>();
    while (bodies.size() < count) bodies.add(body(Checks.next(deliveries)));
    return bodies;
  }

  /** A field of an entry of x-death, the newest being number 0. */
  private static String death(Delivery letter, int number, String field) {
    List<?> deaths = (List<?>) letter.getProperties().getHeaders().get("x-death");
    return ((Map<?, ?>) deaths.get(number)).get(field).toString();
  }

  private static AMQP.BasicProperties.Builder properties() {
    return new AMQP.BasicProperties.Builder();
  }

  private static AMQP.BasicProperties headers(Map<String, Object> headers) {
    return properties().headers(headers).build();
  }

  /** The client's own RPC: it consumes the reply queue, and matches replies by their correlation. */
  private void directReplies() throws Exception {
    Channel server = connection.createChannel();
    Channel client = connection.createChannel();
    String requests = declared(server, Map.of());
    BlockingQueue<String> names = new LinkedBlockingQueue<>();
    server.basicConsume(requests, true, (tag, request) -> {
      AMQP.BasicProperties asked = request.getProperties();
      names.add(asked.getReplyTo());
      AMQP.BasicProperties answer = properties().correlationId(asked.getCorrelationId()).build();
      server.basicPublish("", asked.getReplyTo(), answer, body(request).toUpperCase().getBytes());
    }, tag -> {});
    RpcClient rpc = new RpcClient(new RpcClientParams().channel(client).exchange("").routingKey(requests).replyTo(REPLY_TO).timeout(Checks.PATIENCE_S * 1000));
    for (String question : List.of("shout", "again")) Checks.same(rpc.stringCall(question), question.toUpperCase());
    for (int number = 0; number < 2; number++) Checks.same(Checks.next(names).equals(REPLY_TO), false);
    rpc.close();
    server.close();
  }

  private void nobodyWaits() throws Exception {
    Channel own = connection.createChannel();
    BlockingQueue<String> closed = new LinkedBlockingQueue<>();
    own.addShutdownListener(signal -> closed.add(Checks.reason(signal)));
    send(own, "", "anywhere", properties().replyTo(REPLY_TO).build(), "?");
    Checks.same(Checks.next(closed), "406 PRECONDITION_FAILED - fast reply consumer does not exist");
  }

  private void transactions() throws Exception {
    Channel work = connection.createChannel();
    String queue = declared(channel, Map.of());
    work.txSelect();
    send(work, "", queue, null, "never");
    work.txRollback();
    for (String body : List.of("a", "b")) send(work, "", queue, null, body);
    Checks.same(channel.messageCount(queue), 0L);
    work.txCommit();
    GetResponse message = work.basicGet(queue, false);
    Checks.same(new String(message.getBody()), "a");
    work.basicAck(message.getEnvelope().getDeliveryTag(), false);
    work.txRollback();
    work.close();
    BlockingQueue<Delivery> deliveries = consumed(channel, queue);
    Delivery again = Checks.next(deliveries);
    Checks.same(body(again) + again.getEnvelope().isRedeliver(), "atrue");
    Checks.same(bodies(deliveries, 1), List.of("b"));
  }

  private void deadLetters() throws Exception {
    String grave = declared(channel, Map.of());
    String mortal = declared(channel, deadLettersTo(grave, Map.of("x-max-length", 1)));
    BlockingQueue<Delivery> letters = consumed(channel, grave);
    for (String body : List.of("first", "second")) send(channel, "", mortal, null, body);
    Delivery letter = Checks.next(letters);
    Checks.same(body(letter) + " " + letter.getEnvelope().getRoutingKey(), "first " + grave);
    Checks.same(death(letter, 0, "reason") + death(letter, 0, "queue") + death(letter, 0, "count"), "maxlen" + mortal + "1");
    channel.basicReject(channel.basicGet(mortal, false).getEnvelope().getDeliveryTag(), false);
    letter = Checks.next(letters);
    Checks.same(body(letter) + " " + letter.getProperties().getHeaders().get("x-first-death-reason"), "second rejected");
    send(channel, "", mortal, properties().expiration("20").build(), "third");
    letter = Checks.next(letters);
    Checks.same(body(letter) + " " + death(letter, 0, "reason") + death(letter, 0, "original-expiration"), "third expired20");
    Checks.same(letter.getProperties().getExpiration(), null);
  }

  private void messagePriorities() throws Exception {
    Channel own = connection.createChannel();
    String ranked = declared(own, Map.of("x-max-priority", 5));
    own.confirmSelect();
    Map<String, Integer> priorities = Map.of("low", 1, "high 1", 5, "beyond", 9, "high 2", 5);
    for (String body : List.of("low", "none", "high 1", "beyond", "high 2")) {
      send(own, "", ranked, properties().priority(priorities.get(body)).build(), body);
    }
    own.waitForConfirmsOrDie(Checks.PATIENCE_S * 1000L);
    Checks.same(bodies(consumed(own, ranked), 5), List.of("high 1", "beyond", "high 2", "low", "none"));
    own.close();
  }

  private void deliveryLimit() throws Exception {
    Channel own = connection.createChannel();
    String grave = declared(own, Map.of());
    String queue = NAME + "-quorum";
    own.queueDeclare(queue, true, false, false, deadLettersTo(grave, Map.of("x-queue-type", "quorum", "x-delivery-limit", 2)));
    BlockingQueue<Delivery> deliveries = consumed(own, queue, false, "", Map.of());
    send(own, "", queue, properties().deliveryMode(2).build(), "poison");
    for (String count : List.of("null", "1", "2")) {
      Delivery delivery = Checks.next(deliveries);
      Map<String, Object> headers = delivery.getProperties().getHeaders();
      Checks.same(String.valueOf(headers == null ? null : headers.get("x-delivery-count")), count);
      own.basicNack(delivery.getEnvelope().getDeliveryTag(), false, true);
    }
    Delivery letter = Checks.next(consumed(own, grave));
    Checks.same(body(letter) + " " + death(letter, 0, "reason"), "poison delivery_limit");
    own.queueDelete(queue);
    own.close();
  }

  private void handsOver() throws Exception {
    Channel first = connection.createChannel();
    Channel second = connection.createChannel();
    String queue = declared(first, Map.of("x-single-active-consumer", true));
    BlockingQueue<Delivery> active = consumed(first, queue, false, "first", Map.of());
    BlockingQueue<Delivery> waiting = consumed(second, queue, false, "second", Map.of());
    for (String body : List.of("a", "b")) send(first, "", queue, null, body);
    first.basicAck(Checks.next(active).getEnvelope().getDeliveryTag(), false);
    Checks.same(body(Checks.next(active)), "b");
    // The second message goes back with the channel, and to the one that stood by.
    first.close();
    Delivery message = Checks.next(waiting);
    Checks.same(body(message) + message.getEnvelope().isRedeliver(), "btrue");
    second.close();
  }

  private void consumerPriorities() throws Exception {
    Channel own = connection.createChannel();
    String queue = declared(own, Map.of());
    BlockingQueue<Delivery> low = consumed(own, queue, false, "low", Map.of());
    own.basicQos(1);
    BlockingQueue<Delivery> high = consumed(own, queue, false, "high", Map.of("x-priority", 10));
    for (String body : List.of("a", "b")) send(own, "", queue, null, body);
    Delivery first = Checks.next(high);
    Checks.same(body(first) + body(Checks.next(low)), "ab");
    own.basicAck(first.getEnvelope().getDeliveryTag(), false);
    send(own, "", queue, null, "c");
    Checks.same(body(Checks.next(high)), "c");
    own.close();
  }

  private void alternates() throws Exception {
    String rest = NAME + "-rest";
    String main = NAME + "-main";
    channel.exchangeDeclare(rest, BuiltinExchangeType.FANOUT, false, true, true, Map.of());
    channel.exchangeDeclare(main, BuiltinExchangeType.DIRECT, false, true, Map.of("alternate-exchange", rest));
    String known = declared(channel, Map.of());
    String unknown = declared(channel, Map.of());
    channel.queueBind(known, main, "known");
    channel.queueBind(unknown, rest, "");
    send(channel, main, "known", null, "routed");
    send(channel, main, "unknown", null, "left over");
    Checks.same(bodies(consumed(channel, known), 1), List.of("routed"));
    Delivery message = Checks.next(consumed(channel, unknown));
    Checks.same(message.getEnvelope().getExchange() + " " + message.getEnvelope().getRoutingKey() + " " + body(message), main + " unknown left over");
  }

  private void copies() throws Exception {
    String to = declared(channel, Map.of());
    String copied = declared(channel, Map.of());
    String blind = declared(channel, Map.of());
    send(channel, "", to, headers(Map.of("CC", List.of(copied), "BCC", List.of(blind))), "copied");
    for (String queue : List.of(to, copied, blind)) {
      Delivery message = Checks.next(consumed(channel, queue));
      Checks.same(body(message) + message.getEnvelope().getRoutingKey(), "copied" + to);
      Map<String, Object> headers = message.getProperties().getHeaders();
      Checks.same(headers.keySet(), Set.of("CC"));
      Checks.same(((List<?>) headers.get("CC")).get(0).toString(), copied);
    }
  }

  private void headers() throws Exception {
    Map<String, Object> presence = new HashMap<>();
    presence.put("kind", null);
    Map<String, Map<String, Object>> bound = Map.of(
        "all", Map.of("x-match", "all", "kind", "hare", "size", 3),
        "any", Map.of("x-match", "any", "kind", "hare", "size", 3),
        "presence", presence);
    Map<String, String> queues = new HashMap<>();
    for (var one : bound.entrySet()) {
      queues.put(one.getKey(), declared(channel, Map.of()));
      channel.queueBind(queues.get(one.getKey()), "amq.headers", "", one.getValue());
    }
    for (Map<String, Object> sent : List.<Map<String, Object>>of(Map.of("kind", "hare", "size", 3L), Map.of("size", 3), Map.of("kind", "fox"))) {
      send(channel, "amq.headers", "", headers(sent), "message");
    }
    for (var one : Map.of("all", 1, "any", 2, "presence", 2).entrySet()) {
      Checks.same(channel.queueDelete(queues.get(one.getKey())).getMessageCount(), one.getValue());
    }
  }

  private void throughExchanges() throws Exception {
    Channel own = connection.createChannel();
    String source = NAME + "-source";
    String middle = NAME + "-middle";
    own.exchangeDeclare(source, BuiltinExchangeType.TOPIC);
    own.exchangeDeclare(middle, BuiltinExchangeType.FANOUT, false, true, Map.of());
    own.exchangeBind(middle, source, "orders.#");
    String queue = declared(own, Map.of());
    own.queueBind(queue, middle, "");
    BlockingQueue<String> returned = new LinkedBlockingQueue<>();
    own.addReturnListener(back -> returned.add(new String(back.getBody())));
    own.basicPublish(source, "orders.new", true, null, "through".getBytes());
    Checks.same(Checks.next(consumed(own, queue)).getEnvelope().getExchange(), source);
    own.exchangeUnbind(middle, source, "orders.#");
    own.basicPublish(source, "orders.new", true, null, "no more".getBytes());
    Checks.same(Checks.next(returned), "no more");
    own.exchangeDelete(source, true);
    own.close();
  }

  private void outcomes() throws Exception {
    Channel own = connection.createChannel();
    own.confirmSelect();
    BlockingQueue<String> outcomes = new LinkedBlockingQueue<>();
    own.addReturnListener(back -> outcomes.add("returned " + new String(back.getBody())));
    own.addConfirmListener((tag, multiple) -> outcomes.add("ack " + tag), (tag, multiple) -> outcomes.add("nack " + tag));
    String full = declared(own, Map.of("x-max-length", 1, "x-overflow", "reject-publish"));
    List<String> seen = new ArrayList<>();
    int number = 0;
    for (String key : List.of("nowhere", full, full, "nowhere")) {
      own.basicPublish("", key, true, null, ("message " + ++number).getBytes());
      do seen.add(Checks.next(outcomes)); while (!seen.get(seen.size() - 1).endsWith("ack " + number));
    }
    Checks.same(seen, List.of("returned message 1", "ack 1", "ack 2", "nack 3", "returned message 4", "ack 4"));
    own.close();
  }

  private void cancels() throws Exception {
    Channel own = connection.createChannel();
    String queue = own.queueDeclare("", false, false, false, Map.of("x-single-active-consumer", true)).getQueue();
    BlockingQueue<String> cancelled = new LinkedBlockingQueue<>();
    for (String tag : List.of("active", "waiting")) {
      own.basicConsume(queue, false, tag, new DefaultConsumer(own) {
        @Override
        public void handleCancel(String consumer) {
          cancelled.add(consumer);
        }
      });
    }
    channel.queueDelete(queue);
    Set<String> tags = new TreeSet<>();
    while (tags.size() < 2) tags.add(Checks.next(cancelled));
    Checks.same(tags, new TreeSet<>(List.of("active", "waiting")));
    own.close();
  }

  private void passives() throws Exception {
    Checks.refused(404, "NOT_FOUND - no queue 'java-missing' in vhost '/'", () -> connection.createChannel().queueDeclarePassive("java-missing"));
    Checks.refused(404, "NOT_FOUND - no exchange 'java-missing' in vhost '/'", () -> connection.createChannel().exchangeDeclarePassive("java-missing"));
  }

  private void inequivalent() throws Exception {
    String queue = NAME + "-inequivalent";
    channel.queueDeclare(queue, false, true, false, Map.of("x-message-ttl", 60_000));
    String text = "PRECONDITION_FAILED - inequivalent arg '%s' for queue '" + queue + "' in vhost '/': %s";
    Checks.refused(406, String.format(text, "auto_delete", "received 'true' but current is 'false'"),
        () -> connection.createChannel().queueDeclare(queue, false, true, true, Map.of("x-message-ttl", 60_000)));
    Checks.refused(406, String.format(text, "x-message-ttl", "received '60001' but current is '60000'"),
        () -> connection.createChannel().queueDeclare(queue, false, true, false, Map.of("x-message-ttl", 60_001L)));
    Checks.refused(406, String.format(text, "x-message-ttl", "received '6.0e4' but current is '60000'"),
        () -> connection.createChannel().queueDeclare(queue, false, true, false, Map.of("x-message-ttl", 60_000.0)));
    Map<String, Object> wrong = Map.of("x-expires", 0, "x-message-ttl", -1, "x-overflow", "drop-tail", "x-max-length", "ten");
    Map<String, String> reasons = Map.of(
        "x-expires", "{value_zero,0}", "x-message-ttl", "{value_negative,-1}",
        "x-overflow", "invalid_overflow", "x-max-length", "\"expected integer, got longstr\"");
    for (String argument : wrong.keySet()) {
      Checks.refused(406, "PRECONDITION_FAILED - invalid arg '" + argument + "' for queue 'java-invalid' in vhost '/': " + reasons.get(argument),
          () -> connection.createChannel().queueDeclare("java-invalid", false, true, false, Map.of(argument, wrong.get(argument))));
    }
  }

  private void exclusives() throws Exception {
    String mine = declared(channel, Map.of());
    Connection other = connect();
    Checks.refused(405, "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '" + mine + "' in vhost '/'. It could be originally declared"
        + " on another connection or the exclusive property value does not match that of the original declaration.",
        () -> other.createChannel().queueDeclarePassive(mine));
    other.close();
    channel.basicConsume(mine, false, "", false, true, Map.of(), (tag, delivery) -> {}, tag -> {});
    Checks.refused(403, "ACCESS_REFUSED - queue '" + mine + "' in vhost '/' in exclusive use",
        () -> connection.createChannel().basicConsume(mine, (tag, delivery) -> {}, tag -> {}));
  }

  private void unknownTag() throws Exception {
    Channel own = connection.createChannel();
    BlockingQueue<String> closed = new LinkedBlockingQueue<>();
    own.addShutdownListener(signal -> closed.add(Checks.reason(signal)));
    own.basicAck(7, false);
    Checks.same(Checks.next(closed), "406 PRECONDITION_FAILED - unknown delivery tag 7");
  }
}
