import com.rabbitmq.client.Method;
import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.ShutdownSignalException;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/** How a check reports. The program ends at the first that fails, with the reason. */
final class Checks {
  static final int PATIENCE_S = 15;

  interface Part {
    void run() throws Exception;
  }

  static void check(String what, Part part) {
    try {
      part.run();
    } catch (Throwable failure) {
      System.out.println("FAILED " + what);
      failure.printStackTrace(System.out);
      // At once: what the client left open must not wait for answers.
      Runtime.getRuntime().halt(1);
    }
    System.out.println("ok " + what);
  }

  static void same(Object actual, Object expected) {
    if (!Objects.equals(actual, expected)) throw new AssertionError("expected " + expected + ", got " + actual);
  }

  /** What comes next, in time. */
  static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
    T value = queue.poll(PATIENCE_S, TimeUnit.SECONDS);
    if (value == null) throw new AssertionError("nothing came");
    return value;
  }

  /** Expects the broker to answer by closing, with exactly this code and text. */
  static void refused(int code, String text, Part part) throws Exception {
    try {
      part.run();
    } catch (Exception failure) {
      for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
        if (cause instanceof ShutdownSignalException signal) {
          same(reason(signal), code + " " + text);
          return;
        }
      }
      throw failure;
    }
    throw new AssertionError("no " + code + " came");
  }

  static String reason(ShutdownSignalException signal) {
    Method method = signal.getReason();
    if (method instanceof AMQP.Channel.Close close) return close.getReplyCode() + " " + close.getReplyText();
    if (method instanceof AMQP.Connection.Close close) return close.getReplyCode() + " " + close.getReplyText();
    throw new AssertionError("not closed by the broker: " + signal);
  }

  private Checks() {}
}
