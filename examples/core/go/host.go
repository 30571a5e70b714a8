// A small host of the core: one connection, named queues with a channel each, and routes to them.
package main

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/tetratelabs/wazero/api"
)

const (
	// publisher is the channel that publishes; those of the queues come behind it.
	publisher = 1
	// work is as much as one call may do.
	work = 100_000
	// noOutput is what nextOutput says when nobody has anything to send.
	noOutput = math.MaxUint32
)

type queue struct {
	name        string
	address     uint32
	number      uint16
	channel     uint32
	consumer    uint32
	deadLetters string
}

// Host does the steps of a scenario, one by one.
type Host struct {
	core       *Core
	connection uint32
	queues     []*queue
	routes     map[string][]uint32
	published  int
}

// NewHost opens a connection.
func NewHost(core *Core) *Host {
	connection := core.Call("openConnection", 0, 0)
	core.Call("setFrameMax", uint64(connection), uint64(core.Number("FRAME_MAX")))
	core.Call("openChannel", uint64(connection), publisher)
	return &Host{core: core, connection: connection, routes: map[string][]uint32{}}
}

// Step does a step, then all that follows of it. Returns what was delivered, and ready+unacknowledged of each queue.
func (host *Host) Step(line string) string {
	words := strings.Split(line, " ")
	host.do(words[0], words[1:])
	read := host.turn()
	var delivered, left []string
	for _, one := range host.queues {
		here := []string{one.name}
		for _, message := range read {
			if message.channel == one.number {
				here = append(here, text(message))
			}
		}
		if len(here) > 1 {
			delivered = append(delivered, strings.Join(here, " "))
		}
		ready := host.core.Call("readyCount", uint64(one.address))
		unacked := host.core.Call("unackedCount", uint64(one.channel))
		left = append(left, fmt.Sprintf("%d+%d", ready, unacked))
	}
	return strings.Join(delivered, ", ") + " | " + strings.Join(left, " ")
}

func (host *Host) do(name string, given []string) {
	core := host.core
	switch name {
	case "queue":
		host.declare(given[0], given[1:])
	case "route":
		host.routes[given[0]] = nil
		for _, name := range given[1:] {
			host.routes[given[0]] = append(host.routes[given[0]], host.queue(name).address)
		}
	case "publish":
		for range number(given[1]) {
			host.published++
			body := strconv.Itoa(host.published)
			host.publish(given[0], []byte(body+strings.Repeat(".", max(0, number(given[2])-len(body)))))
		}
	case "consume":
		one := host.queue(given[0])
		core.WriteScratch([]byte(one.name))
		length, prefetch := uint64(len(one.name)), uint64(number(given[1]))
		one.consumer = core.Call("addConsumer", uint64(one.channel), uint64(one.address), length, 0, prefetch, 0)
	case "cancel":
		core.Call("cancelConsumer", uint64(host.queue(given[0]).consumer))
	case "get":
		one := host.queue(given[0])
		core.Call("getMessage", uint64(one.channel), uint64(one.address), 0)
	case "ack":
		host.settle(given, 0, "SETTLE_DONE")
	case "ack-all":
		host.settle(given, 1, "SETTLE_DONE")
	case "requeue":
		host.settle(given, 0, "SETTLE_REQUEUE")
	case "reject":
		host.settle(given, 0, "SETTLE_REJECT")
	case "recover":
		core.Call("recover", uint64(host.queue(given[0]).channel))
	case "purge":
		core.Call("purge", uint64(host.queue(given[0]).address), math.MaxUint32)
	case "time":
		core.Call("setTime", api.EncodeF64(float64(number(given[0]))), api.EncodeF64(0))
		for core.Call("sweep") != 0 {
		}
	default:
		panic("no step is called " + name)
	}
}

func (host *Host) declare(name string, rules []string) {
	core := host.core
	one := &queue{name: name, number: publisher + 1 + uint16(len(host.queues)), deadLetters: rules[3]}
	one.address = core.Call("createQueue")
	one.channel = core.Call("openChannel", uint64(host.connection), uint64(one.number))
	host.queues = append(host.queues, one)
	core.WriteFeature("TTL", limit(rules[0]))
	core.WriteFeature("MAX_LENGTH", limit(rules[1]))
	core.WriteFeature("MAX_BYTES", math.Inf(1))
	core.WriteFeature("DELIVERY_LIMIT", limit(rules[2]))
	core.WriteFeature("OVERFLOW", float64(core.Number("OVERFLOW_DROP_HEAD")))
	core.WriteFeature("DEAD_LETTERS", 0)
	if one.deadLetters != "-" {
		core.WriteFeature("DEAD_LETTERS", 1)
	}
	core.WriteFeature("DELIVERY_COUNT", 0)
	core.WriteFeature("MAX_PRIORITY", 0)
	core.Call("setFeatures", uint64(one.address))
	// What keys lead to may have changed: every participant forgets the routes that it knew.
	core.Call("applyTopology", uint64(core.Call("raiseTopology")))
}

// publish brings a message in as its client sends it.
func (host *Host) publish(key string, body []byte) {
	core := host.core
	at, most := core.Result("RESULT_READ_OFFSET"), int(core.Result("RESULT_READ_LENGTH"))
	for rest := EncodePublish(core, publisher, key, body); len(rest) > 0; {
		part := rest[:min(len(rest), most)]
		core.Write(at, part)
		stop := core.Call("ingest", uint64(host.connection), uint64(at), uint64(len(part)), work)
		rest = rest[core.Result("RESULT_CONSUMED"):]
		switch stop {
		case core.Number("STOP_END"):
		case core.Number("STOP_ROUTE"):
			// A key that the core does not know, or does not know any more.
			core.WriteQueues(host.routes[key])
			core.Call("installRoute", uint64(host.connection), uint64(len(host.routes[key])), 0, 0)
		default:
			panic(fmt.Sprintf("a read stopped for %d", stop))
		}
	}
}

func (host *Host) settle(given []string, multiple uint64, how string) {
	channel := uint64(host.queue(given[0]).channel)
	tag := api.EncodeF64(float64(number(given[1])))
	if host.core.Call("settleDelivery", channel, tag, multiple, uint64(host.core.Number(how))) == 0 {
		panic(given[0] + " has not delivered " + given[1])
	}
}

// turn is what a host does in each turn, until nothing is left to do. Returns what the client has read.
func (host *Host) turn() []Message {
	core := host.core
	var read []Message
	for more := true; more; {
		passed := host.passDeadLetters()
		more = core.Call("serve") != 0 || passed
		for core.Call("nextOutput") != noOutput {
			octets := core.Read(core.Result("RESULT_OUTPUT_OFFSET"), core.Result("RESULT_OUTPUT_LENGTH"))
			read = append(read, DecodeMessages(core, octets)...)
			// As soon as the octets are out of the core's memory it may use it again.
			core.Call("written", uint64(host.connection), uint64(core.Result("RESULT_OUTPUT_BOX")))
			more = true
		}
	}
	return read
}

// passDeadLetters sends on what died in a queue with dead letters. True: there were some.
func (host *Host) passDeadLetters() bool {
	core := host.core
	passed := false
	for message := core.Call("nextDead"); message != 0; message = core.Call("nextDead") {
		for _, one := range host.queues {
			if one.address == core.Result("RESULT_DEAD_QUEUE") {
				host.republish(uint64(message), host.queue(one.deadLetters).address)
				break
			}
		}
		core.Call("settleDead")
		passed = true
	}
	return passed
}

// republish publishes a copy under the same key and with the same properties to another queue.
func (host *Host) republish(message uint64, to uint32) {
	core := host.core
	key := core.Read(core.Call("messageKeyOffset", message), core.Call("messageKeyLength", message))
	header := core.Read(core.Call("messageHeaderOffset", message), core.Call("messageHeaderLength", message))
	copied := uint64(core.Call("beginCopy", message, uint64(len(key)), uint64(len(header)), 1))
	if copied == 0 {
		panic("no memory for a dead letter")
	}
	core.Write(core.Call("messageKeyOffset", copied), key)
	core.Write(core.Call("messageHeaderOffset", copied), header)
	core.Call("endCopy", copied)
	core.WriteQueues([]uint32{to})
	core.Call("publishTo", copied, 1)
	core.Call("releaseMessage", copied)
}

func (host *Host) queue(name string) *queue {
	for _, one := range host.queues {
		if one.name == name {
			return one
		}
	}
	panic("no queue " + name)
}

func limit(rule string) float64 {
	if rule == "-" {
		return math.Inf(1)
	}
	return float64(number(rule))
}

func number(word string) int {
	value, err := strconv.Atoi(word)
	if err != nil {
		panic(err)
	}
	return value
}

// text is how a delivery stands in an outcome: its tag, the number of its message, and whether it came before.
func text(message Message) string {
	digits, _, _ := bytes.Cut(message.body, []byte("."))
	again := ""
	if message.redelivered {
		again = "r"
	}
	return fmt.Sprintf("%d:%s%s", message.tag, digits, again)
}
