import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AuthenticationFailureException;
import com.rabbitmq.client.BuiltinExchangeType;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.MessageProperties;
import com.rabbitmq.client.Recoverable;
import com.rabbitmq.client.RecoveryListener;
import com.rabbitmq.client.Return;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Drives a broker with RabbitMQ's Java client. */
public final class AmqpClient {
  private static final String URL = System.getenv("AMQP_URL");
  private static final String SMALL_URL = System.getenv("AMQP_SMALL_URL");
  private static final String NAME = "java-" + System.nanoTime();

  private final Connection connection = connect(URL);
  private final Channel channel = connection.createChannel();

  private AmqpClient() throws Exception {}

  public static void main(String[] arguments) throws Exception {
    new AmqpClient().story();
    System.exit(0);
  }

  private void story() {
    Checks.check("declares an exchange, a queue and a binding", this::declares);
    Checks.check("publishes with confirms, awaited together", this::publishes);
    Checks.check("gets an unroutable mandatory message back: 312", this::returns);
    Checks.check("gets a message with its properties and how many are left", this::gets);
    Checks.check("has a nacked message back in its place, redelivered", this::nacks);
    Checks.check("consumes with a prefetch of 3 and acknowledges by hand", this::consumes);
    Checks.check("has all unacknowledged messages again after recover", this::recovers);
    Checks.check("binds exchanges to exchanges", this::bindsExchanges);
    Checks.check("answers a request by its reply-to", this::answers);
    Checks.check("hears of its queue's deletion: a consumer is cancelled", this::hearsOfDeletion);
    Checks.check("purges and deletes, and is told how many messages went", this::counts);
    Checks.check("is told of what does not exist: 404", this::missing);
    Checks.check("is told of what does not match: 406", this::mismatched);
    Checks.check("is told of what is reserved, and of what it may not do: 403", this::reserved);
    Checks.check("is told of a wrong vhost: 530, and of a wrong password: 403", this::badLogins);
    Checks.check("mends itself: reconnects, declares and consumes again", this::mends);
    if (SMALL_URL != null) Checks.check("is blocked by a full broker, and unblocked when there is room", this::blocked);
    Checks.check("deletes what it declared and closes", this::closes);
  }

  private static ConnectionFactory factory(String url) throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setUri(url);
    factory.setAutomaticRecoveryEnabled(false);
    return factory;
  }

  private static Connection connect(String url) throws Exception {
    return factory(url).newConnection("interop");
  }

  private void publish(String exchange, String key, String body) throws Exception {
    channel.basicPublish(exchange, key, true, MessageProperties.TEXT_PLAIN, body.getBytes());
  }

  private static String take(Channel from, String queue) throws Exception {
    GetResponse message = from.basicGet(queue, true);
    return message == null ? "nothing" : new String(message.getBody());
  }

  private void declares() throws Exception {
    channel.exchangeDeclare(NAME, BuiltinExchangeType.HEADERS, true);
    AMQP.Queue.DeclareOk declared = channel.queueDeclare(NAME, true, false, false, Map.of("x-max-length", 1000, "custom", List.of(1, "two")));
    Checks.same(declared.getQueue() + declared.getMessageCount() + declared.getConsumerCount(), NAME + "00");
    channel.queueBind(NAME, NAME, "", Map.of("x-match", "any", "kind", "hare", "size", 3L));
  }

  private static AMQP.BasicProperties properties(int number) {
    Map<String, Object> headers = new HashMap<>();
    headers.put("kind", "hare");
    headers.put("none", null);
    headers.put("nested", Map.of("list", List.of(1, 2L, true)));
    return new AMQP.BasicProperties.Builder()
        .contentType("text/plain").deliveryMode(2).priority(1).messageId("m" + number).timestamp(new Date(1_700_000_000_000L))
        .headers(headers).build();
  }

  private void publishes() throws Exception {
    channel.confirmSelect();
    for (int number = 0; number < 10; number++) {
      channel.basicPublish(NAME, "", true, properties(number), ("body " + number).getBytes());
    }
    channel.waitForConfirmsOrDie(Checks.PATIENCE_S * 1000L);
    Checks.same(channel.messageCount(NAME), 10L);
  }

  private void returns() throws Exception {
    BlockingQueue<Return> returned = new LinkedBlockingQueue<>();
    channel.addReturnListener(returned::add);
    publish(NAME, "elsewhere", "lost");
    Return back = Checks.next(returned);
    Checks.same(back.getReplyCode() + " " + back.getReplyText() + " " + new String(back.getBody()), "312 NO_ROUTE lost");
    channel.waitForConfirmsOrDie(Checks.PATIENCE_S * 1000L);
    channel.clearReturnListeners();
  }

  private void gets() throws Exception {
    GetResponse message = channel.basicGet(NAME, false);
    Checks.same(new String(message.getBody()) + " of " + message.getMessageCount(), "body 0 of 9");
    AMQP.BasicProperties got = message.getProps();
    Checks.same(got.getMessageId() + got.getPriority() + got.getDeliveryMode() + got.getTimestamp().getTime(), "m0121700000000000");
    Checks.same(got.getHeaders().get("kind").toString(), "hare");
    Checks.same(got.getHeaders().get("nested"), Map.of("list", List.of(1, 2L, true)));
    channel.basicAck(message.getEnvelope().getDeliveryTag(), false);
  }

  private void nacks() throws Exception {
    for (boolean redelivered : new boolean[] {false, true}) {
      GetResponse message = channel.basicGet(NAME, false);
      Checks.same(new String(message.getBody()) + message.getEnvelope().isRedeliver(), "body 1" + redelivered);
      channel.basicNack(message.getEnvelope().getDeliveryTag(), false, true);
    }
  }

  private void consumes() throws Exception {
    Channel own = connection.createChannel();
    own.basicQos(3);
    BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
    String tag = own.basicConsume(NAME, false, (consumer, delivery) -> deliveries.add(delivery), consumer -> {});
    for (int number = 1; number < 10; number++) {
      Delivery delivery = Checks.next(deliveries);
      Checks.same(new String(delivery.getBody()), "body " + number);
      if (number % 3 == 0) own.basicAck(delivery.getEnvelope().getDeliveryTag(), true);
    }
    own.basicCancel(tag);
    own.close();
  }

  private void recovers() throws Exception {
    Channel own = connection.createChannel();
    publish("", NAME, "again");
    channel.waitForConfirmsOrDie(Checks.PATIENCE_S * 1000L);
    Checks.same(own.basicGet(NAME, false).getEnvelope().isRedeliver(), false);
    own.basicRecover(true);
    GetResponse message = own.basicGet(NAME, false);
    Checks.same(message.getEnvelope().isRedeliver(), true);
    own.basicAck(message.getEnvelope().getDeliveryTag(), false);
    own.close();
  }

  private void bindsExchanges() throws Exception {
    String upstream = NAME + "-upstream";
    channel.exchangeDeclare(upstream, BuiltinExchangeType.DIRECT, false, true, null);
    channel.exchangeBind(NAME, upstream, "key", Map.of());
    channel.basicPublish(upstream, "key", true, properties(0), "through".getBytes());
    channel.waitForConfirmsOrDie(Checks.PATIENCE_S * 1000L);
    Checks.same(take(channel, NAME), "through");
    channel.exchangeUnbind(NAME, upstream, "key", Map.of());
    Checks.refused(404, "NOT_FOUND - no exchange '" + upstream + "' in vhost '/'", () -> connection.createChannel().exchangeDeclarePassive(upstream));
  }

  private void answers() throws Exception {
    Channel server = connection.createChannel();
    Channel client = connection.createChannel();
    String requests = server.queueDeclare().getQueue();
    String replies = client.queueDeclare().getQueue();
    server.basicConsume(requests, true, (tag, request) -> {
      AMQP.BasicProperties answer = new AMQP.BasicProperties.Builder().correlationId(request.getProperties().getCorrelationId()).build();
      server.basicPublish("", request.getProperties().getReplyTo(), answer, ("re: " + new String(request.getBody())).getBytes());
    }, tag -> {});
    BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
    client.basicConsume(replies, true, (tag, delivery) -> deliveries.add(delivery), tag -> {});
    client.basicPublish("", requests, new AMQP.BasicProperties.Builder().replyTo(replies).correlationId("c9").build(), "lunch?".getBytes());
    Delivery reply = Checks.next(deliveries);
    Checks.same(reply.getProperties().getCorrelationId() + " " + new String(reply.getBody()), "c9 re: lunch?");
    server.close();
    client.close();
  }

  private void hearsOfDeletion() throws Exception {
    Channel watcher = connection.createChannel();
    String queue = watcher.queueDeclare().getQueue();
    BlockingQueue<String> cancelled = new LinkedBlockingQueue<>();
    watcher.basicConsume(queue, false, "watcher", new DefaultConsumer(watcher) {
      @Override
      public void handleCancel(String tag) {
        cancelled.add(tag);
      }
    });
    channel.queueDelete(queue);
    Checks.same(Checks.next(cancelled), "watcher");
    watcher.close();
  }

  private void counts() throws Exception {
    String queue = channel.queueDeclare().getQueue();
    for (String body : List.of("a", "b", "c")) publish("", queue, body);
    channel.waitForConfirmsOrDie(Checks.PATIENCE_S * 1000L);
    Checks.same(channel.queuePurge(queue).getMessageCount(), 3);
    publish("", queue, "d");
    channel.waitForConfirmsOrDie(Checks.PATIENCE_S * 1000L);
    Checks.same(channel.queueDelete(queue).getMessageCount(), 1);
  }

  private void missing() throws Exception {
    Checks.refused(404, "NOT_FOUND - no queue 'java-nowhere' in vhost '/'",
        () -> connection.createChannel().basicConsume("java-nowhere", (tag, delivery) -> {}, tag -> {}));
    BlockingQueue<String> closed = new LinkedBlockingQueue<>();
    Channel broken = connection.createChannel();
    broken.addShutdownListener(signal -> closed.add(Checks.reason(signal)));
    broken.basicPublish("java-nowhere", "key", null, new byte[0]);
    Checks.same(Checks.next(closed), "404 NOT_FOUND - no exchange 'java-nowhere' in vhost '/'");
  }

  private void mismatched() throws Exception {
    String text = "PRECONDITION_FAILED - inequivalent arg '%s' for queue '" + NAME + "' in vhost '/': %s";
    Checks.refused(406, String.format(text, "auto_delete", "received 'true' but current is 'false'"),
        () -> connection.createChannel().queueDeclare(NAME, true, false, true, Map.of("x-max-length", 1000)));
    Checks.refused(406, String.format(text, "x-max-length", "received none but current is the value '1000' of type 'signedint'"),
        () -> connection.createChannel().queueDeclare(NAME, true, false, false, null));
  }

  private void reserved() throws Exception {
    Checks.refused(403, "ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*'",
        () -> connection.createChannel().queueDeclare("amq.mine", false, false, false, null));
    Checks.refused(403, "ACCESS_REFUSED - operation not permitted on the default exchange",
        () -> connection.createChannel().queueBind(NAME, "", "key"));
  }

  private void badLogins() throws Exception {
    ConnectionFactory lost = factory(URL);
    lost.setVirtualHost("nowhere");
    Checks.refused(530, "NOT_ALLOWED - vhost nowhere not found", lost::newConnection);
    ConnectionFactory stranger = factory(URL);
    stranger.setPassword("wrong");
    try {
      stranger.newConnection();
    } catch (AuthenticationFailureException refused) {
      Checks.same(refused.getMessage(),
          "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile.");
      return;
    }
    throw new AssertionError("it was let in");
  }

  private void mends() throws Exception {
    ConnectionFactory mending = factory(URL);
    mending.setAutomaticRecoveryEnabled(true);
    mending.setNetworkRecoveryInterval(100);
    Connection own = mending.newConnection();
    CountDownLatch recovered = new CountDownLatch(1);
    ((Recoverable) own).addRecoveryListener(new RecoveryListener() {
      @Override
      public void handleRecovery(Recoverable recoverable) {
        recovered.countDown();
      }

      @Override
      public void handleRecoveryStarted(Recoverable recoverable) {}
    });
    Channel fragile = own.createChannel();
    String queue = fragile.queueDeclare(NAME + "-fragile", false, true, true, null).getQueue();
    fragile.queueBind(queue, "amq.fanout", "");
    BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
    fragile.basicConsume(queue, true, (tag, delivery) -> deliveries.add(delivery), tag -> {});
    // The broker closes the whole connection.
    Checks.refused(540, "NOT_IMPLEMENTED - requeue=false", () -> own.createChannel().basicRecover(false));
    Checks.same(recovered.await(Checks.PATIENCE_S, TimeUnit.SECONDS), true);
    publish("amq.fanout", "", "back");
    Checks.same(new String(Checks.next(deliveries).getBody()), "back");
    own.close();
  }

  private void blocked() throws Exception {
    Connection publisher = connect(SMALL_URL);
    Connection other = connect(SMALL_URL);
    BlockingQueue<String> notices = new LinkedBlockingQueue<>();
    publisher.addBlockedListener(notices::add, () -> notices.add("unblocked"));
    Channel full = publisher.createChannel();
    // What an exchange holds back stays in memory.
    full.exchangeDeclare("java-full", "x-delayed-message", false, false, Map.of("x-delayed-type", "fanout"));
    full.exchangeBind("java-full", "amq.fanout", "");
    AMQP.BasicProperties later = new AMQP.BasicProperties.Builder().headers(Map.of("x-delay", 3_600_000)).build();
    AtomicBoolean enough = new AtomicBoolean();
    List<Exception> failures = new ArrayList<>();
    Thread filler = new Thread(() -> {
      try {
        while (!enough.get()) full.basicPublish("amq.fanout", "", later, new byte[65_536]);
      } catch (Exception failure) {
        failures.add(failure);
      }
    });
    filler.start();
    Checks.same(Checks.next(notices), "low on memory");
    enough.set(true);
    other.createChannel().exchangeDelete("java-full");
    Checks.same(Checks.next(notices), "unblocked");
    filler.join();
    Checks.same(failures, List.of());
    publisher.close();
    other.close();
  }

  private void closes() throws Exception {
    channel.queueDelete(NAME);
    channel.exchangeDelete(NAME);
    connection.close();
    Checks.same(connection.isOpen(), false);
  }
}
