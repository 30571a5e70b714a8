import com.dylibso.chicory.compiler.MachineFactoryCompiler;
import com.dylibso.chicory.runtime.ExportFunction;
import com.dylibso.chicory.runtime.HostFunction;
import com.dylibso.chicory.runtime.ImportValues;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Memory;
import com.dylibso.chicory.wasm.Parser;
import com.dylibso.chicory.wasm.types.FunctionType;
import com.dylibso.chicory.wasm.types.ValType;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The core as a host sees it: the instance, its memory, and the numbers that the binary exports. */
final class Core {
  private final Instance instance;
  private final Memory memory;
  private final Map<String, ExportFunction> calls = new HashMap<>();
  private final Map<String, Integer> numbers = new HashMap<>();
  private final int page;

  /** The one participant of a core without threads: the runtime compiles no SIMD. */
  Core(Path binary, int mebibytes) {
    var type = FunctionType.of(List.of(ValType.F64, ValType.F64, ValType.F64), List.of());
    var heldBack = new HostFunction("host", "heldBack", type, (instance, given) -> {
      throw new IllegalStateException("nothing is logged here");
    });
    var module = Parser.parse(binary);
    instance = Instance.builder(module)
        .withMachineFactory(MachineFactoryCompiler.compile(module))
        .withImportValues(ImportValues.builder().addFunction(heldBack).build())
        .build();
    if (call("initCore", mebibytes, 2) == 0 || call("joinCore", 0, 1) == 0) {
      throw new IllegalStateException(mebibytes + " MiB are not to be had, or too few");
    }
    memory = instance.memory();
    page = call("participantAddress");
  }

  /** A number that both sides share, as the binary has it. All that are used here have 32 bits. */
  int number(String name) {
    return numbers.computeIfAbsent(name, one -> (int) instance.exports().global(one).getValue());
  }

  /** Floating-point numbers are given as `Double.doubleToRawLongBits` has them. */
  int call(String name, long... given) {
    var results = calls.computeIfAbsent(name, instance::export).apply(given);
    return results == null || results.length == 0 ? 0 : (int) results[0];
  }

  /** What the last call left in the participant's page. */
  int result(String name) {
    return memory.readInt(page + number(name));
  }

  int scratch() {
    return result("RESULT_SCRATCH");
  }

  byte[] read(int at, int length) {
    return memory.readBytes(at, length);
  }

  void write(int at, byte[] octets) {
    memory.write(at, octets);
  }

  /** What a queue does, at the place of scratch where the core looks for it. */
  void writeFeature(String name, double value) {
    memory.writeF64(scratch() + number("FEATURES_" + name), value);
  }

  void writeQueues(List<Integer> queues) {
    var at = scratch();
    for (var queue : queues) {
      memory.writeI32(at, queue);
      at += Integer.BYTES;
    }
  }
}
