// Plays a scenario on the core: `go run . SCENARIO`.
package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"os"
	"strings"
)

const (
	coreFile  = "../../../dist/core.threads.wasm"
	mebibytes = 64
)

func main() {
	if err := play(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func play(file string) error {
	scenario, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	binary, err := os.ReadFile(coreFile)
	if err != nil {
		return err
	}
	core, err := OpenCore(context.Background(), binary, mebibytes)
	if err != nil {
		return err
	}
	host := NewHost(core)
	outcomes := fnv.New32a()
	steps := 0
	for line := range strings.Lines(string(scenario)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		step, expected, _ := strings.Cut(line, " = ")
		outcome := host.Step(step)
		if outcome != expected {
			return fmt.Errorf("step %d, %s: %s, and not %s", steps+1, step, outcome, expected)
		}
		steps++
		fmt.Fprintln(outcomes, outcome)
	}
	fmt.Printf("%d steps, outcomes %08x\n", steps, outcomes.Sum32())
	return nil
}
