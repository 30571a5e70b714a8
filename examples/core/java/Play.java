import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Plays a scenario on the core: `java -cp … Play SCENARIO`. */
final class Play {
  private static final Path CORE = Path.of("../../../dist/core.wasm");
  private static final int MEBIBYTES = 64;

  public static void main(String[] given) throws IOException {
    var host = new Host(new Core(CORE, MEBIBYTES));
    var steps = 0;
    var outcomes = 0x811c9dc5;
    for (var line : Files.readAllLines(Path.of(given[0]))) {
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      var parts = line.split(" = ", 2);
      var outcome = host.step(parts[0]);
      if (!outcome.equals(parts[1])) {
        throw new IllegalStateException("step " + (steps + 1) + ", " + line + ": and it was " + outcome);
      }
      steps += 1;
      outcomes = fnv1a(outcomes, outcome + "\n");
    }
    System.out.printf("%d steps, outcomes %08x%n", steps, outcomes);
  }

  private static int fnv1a(int hash, String outcome) {
    for (var octet : outcome.getBytes()) {
      hash = (hash ^ (octet & 0xff)) * 0x01000193;
    }
    return hash;
  }
}
