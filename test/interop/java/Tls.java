import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.DefaultSaslConfig;
import java.io.FileInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Arrays;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** RabbitMQ's Java client by TLS: tries the connections of a file, one a line, and says of each whether a message went there and back. */
public final class Tls {
  private static final char[] PASSWORD = System.getenv("TLS_PASSWORD").toCharArray();

  private Tls() {}

  public static void main(String[] arguments) throws Exception {
    for (String line : Files.readAllLines(Path.of(System.getenv("TLS_TRIES")))) {
      String[] fields = line.split("\t");
      try {
        thereAndBack("TLSv" + fields[0], Integer.parseInt(fields[1]), fields[2], fields[4], fields[5]);
        System.out.println("passed");
      } catch (Exception reason) {
        System.out.println("refused " + reason);
      }
    }
    System.exit(0);
  }

  private static void thereAndBack(String version, int port, String authority, String key, String mechanism)
      throws Exception {
    SSLContext context = SSLContext.getInstance(version);
    context.init(keys(key), trust(authority).getTrustManagers(), null);
    ConnectionFactory factory = new ConnectionFactory();
    factory.setHost("localhost");
    factory.setPort(port);
    factory.setAutomaticRecoveryEnabled(false);
    factory.useSslProtocol(context);
    factory.enableHostnameVerification();
    if (mechanism.equals("EXTERNAL")) factory.setSaslConfig(DefaultSaslConfig.EXTERNAL);
    try (Connection connection = factory.newConnection()) {
      Channel channel = connection.createChannel();
      String queue = channel.queueDeclare().getQueue();
      channel.confirmSelect();
      channel.basicPublish("", queue, true, null, "by TLS".getBytes());
      channel.waitForConfirmsOrDie(Checks.PATIENCE_S * 1000L);
      if (!Arrays.equals(channel.basicGet(queue, true).getBody(), "by TLS".getBytes())) throw new Exception("another body");
    }
  }

  /** Null: none to show. A certificate with its key lies in a file beside the key. */
  private static KeyManager[] keys(String key) throws Exception {
    if (key.equals("-")) return null;
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream file = new FileInputStream(key + ".p12")) {
      store.load(file, PASSWORD);
    }
    KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
    factory.init(store, PASSWORD);
    return factory.getKeyManagers();
  }

  private static TrustManagerFactory trust(String authority) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream file = new FileInputStream(authority)) {
      store.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(file));
    }
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(store);
    return factory;
  }
}
