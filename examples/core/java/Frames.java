import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** AMQP frames that a host of the core meets: basic.publish on its way in, and deliveries on their way out. */
record Frames(Core core) {
  /** What a client reads. */
  record Message(int channel, long tag, boolean redelivered, byte[] body) {}

  /** To the default exchange, without properties. */
  byte[] publish(int channel, String key, byte[] body) {
    var name = key.getBytes();
    var method = ByteBuffer.allocate(9 + name.length).putInt(core.number("METHOD_PUBLISH"));
    // Two octets that are not used, no name of an exchange, the routing key, no flags.
    method.putShort((short) 0).put((byte) 0).put((byte) name.length).put(name);
    var header = ByteBuffer.allocate(14).putInt(core.number("HEADER_CLASS")).putLong(body.length);
    var frames = new ByteArrayOutputStream();
    frames.writeBytes(frame("FRAME_METHOD", channel, method.array()));
    frames.writeBytes(frame("FRAME_HEADER", channel, header.array()));
    var most = core.number("FRAME_BODY_MAX");
    for (var at = 0; at < body.length; at += most) {
      var part = ByteBuffer.wrap(body).slice(at, Math.min(most, body.length - at));
      var octets = new byte[part.remaining()];
      part.get(octets);
      frames.writeBytes(frame("FRAME_BODY", channel, octets));
    }
    return frames.toByteArray();
  }

  private byte[] frame(String kind, int channel, byte[] payload) {
    return ByteBuffer.allocate(payload.length + core.number("FRAME_OVERHEAD"))
        .put((byte) core.number(kind))
        .putShort((short) channel)
        .putInt(payload.length)
        .put(payload)
        .put((byte) core.number("FRAME_END"))
        .array();
  }

  /** basic.deliver and basic.get-ok with their content. */
  List<Message> messages(byte[] octets) {
    var messages = new ArrayList<Message>();
    var frames = ByteBuffer.wrap(octets);
    var tag = 0L;
    var redelivered = false;
    var left = 0L;
    var body = new ByteArrayOutputStream();
    while (frames.hasRemaining()) {
      int kind = frames.get();
      int channel = frames.getShort();
      var payload = new byte[frames.getInt()];
      frames.get(payload).get();
      if (kind == core.number("FRAME_METHOD")) {
        var method = ByteBuffer.wrap(payload);
        // A delivery names its consumer first.
        var at = method.getInt() == core.number("METHOD_DELIVER") ? 5 + payload[4] : 4;
        tag = method.getLong(at);
        redelivered = method.get(at + Long.BYTES) == 1;
        body.reset();
        continue;
      }
      if (kind == core.number("FRAME_HEADER")) {
        left = ByteBuffer.wrap(payload).getLong(4);
      } else {
        body.writeBytes(payload);
        left -= payload.length;
      }
      if (left == 0) {
        messages.add(new Message(channel, tag, redelivered, body.toByteArray()));
      }
    }
    return messages;
  }
}
