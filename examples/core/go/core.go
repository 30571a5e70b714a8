// The core as a participant sees it: an instance, the shared memory, and the numbers that the binary exports.
package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

const (
	pagesPerMebibyte = 16
	pagesMax         = 65536
)

// Core is participant 0 of a core of its own. Further ones would be instances on the same memory, each called by one
// goroutine at a time.
type Core struct {
	ctx     context.Context
	module  api.Module
	memory  api.Memory
	numbers map[string]uint32
	calls   map[string]api.Function
	page    uint32
}

// OpenCore instantiates the core with threads, lays its memory out and joins it.
func OpenCore(ctx context.Context, binary []byte, mebibytes uint32) (*Core, error) {
	features := api.CoreFeaturesV2 | experimental.CoreFeaturesThreads
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCoreFeatures(features))
	host := runtime.NewHostModuleBuilder("host")
	host.NewFunctionBuilder().WithFunc(heldBack).Export("heldBack")
	if _, err := host.Instantiate(ctx); err != nil {
		return nil, err
	}
	env, err := runtime.InstantiateWithConfig(ctx, sharedMemory(mebibytes), wazero.NewModuleConfig().WithName("env"))
	if err != nil {
		return nil, err
	}
	module, err := runtime.Instantiate(ctx, binary)
	if err != nil {
		return nil, err
	}
	core := &Core{
		ctx: ctx, module: module, memory: env.ExportedMemory("memory"),
		numbers: map[string]uint32{}, calls: map[string]api.Function{},
	}
	if core.Call("initCore", uint64(mebibytes), 2) == 0 || core.Call("joinCore", 0, 1) == 0 {
		return nil, errors.New("the memory is too small")
	}
	core.page = core.Call("participantAddress")
	return core, nil
}

// sharedMemory is a module that has nothing but a memory to share: a runtime's host modules cannot export one.
func sharedMemory(mebibytes uint32) []byte {
	const shared = 3
	limits := binary.AppendUvarint([]byte{1, shared}, uint64(mebibytes*pagesPerMebibyte))
	limits = binary.AppendUvarint(limits, pagesMax)
	exports := append([]byte{1, byte(len("memory"))}, "memory\x02\x00"...)
	module := []byte("\x00asm\x01\x00\x00\x00")
	module = append(append(module, 5, byte(len(limits))), limits...)
	return append(append(module, 7, byte(len(exports))), exports...)
}

func heldBack(_, _, _ float64) {
	panic("nothing is logged here")
}

// Number is one that both sides share, as the binary has it.
func (core *Core) Number(name string) uint32 {
	number, known := core.numbers[name]
	if !known {
		global := core.module.ExportedGlobal(name)
		number = uint32(global.Get())
		if global.Type() == api.ValueTypeF64 {
			number = uint32(api.DecodeF64(global.Get()))
		}
		core.numbers[name] = number
	}
	return number
}

// Call calls an export. Floating-point numbers are given as `api.EncodeF64` has them.
func (core *Core) Call(name string, given ...uint64) uint32 {
	call, known := core.calls[name]
	if !known {
		call = core.module.ExportedFunction(name)
		core.calls[name] = call
	}
	results, err := call.Call(core.ctx, given...)
	if err != nil {
		// A trap leaves the memory unknown: there is no way on.
		panic(fmt.Errorf("%s: %w", name, err))
	}
	if len(results) == 0 {
		return 0
	}
	return uint32(results[0])
}

// Result is what the last call left in the participant's page.
func (core *Core) Result(name string) uint32 {
	value, _ := core.memory.ReadUint32Le(core.page + core.Number(name))
	return value
}

// Read copies octets out of the memory.
func (core *Core) Read(at, length uint32) []byte {
	octets, _ := core.memory.Read(at, length)
	return append([]byte(nil), octets...)
}

// Write copies octets into the memory.
func (core *Core) Write(at uint32, octets []byte) {
	core.memory.Write(at, octets)
}

// WriteScratch writes to the page where arguments go that do not fit a call.
func (core *Core) WriteScratch(octets []byte) {
	core.Write(core.Result("RESULT_SCRATCH"), octets)
}

// WriteQueues writes a list of queues there.
func (core *Core) WriteQueues(queues []uint32) {
	octets := make([]byte, 0, 4*len(queues))
	for _, queue := range queues {
		octets = binary.LittleEndian.AppendUint32(octets, queue)
	}
	core.WriteScratch(octets)
}

// WriteFeature writes what a queue does there.
func (core *Core) WriteFeature(name string, value float64) {
	at := core.Result("RESULT_SCRATCH") + core.Number("FEATURES_"+name)
	core.memory.WriteUint64Le(at, math.Float64bits(value))
}
