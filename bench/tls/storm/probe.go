package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"time"
)

// A message's octets; it begins with the time at which it was sent.
const bodyBytes = 1024

type latencies struct {
	sync.Mutex
	times []time.Duration
}

func (l *latencies) add(latency time.Duration) {
	l.Lock()
	defer l.Unlock()
	l.times = append(l.times, latency)
}

// What came since it was taken last.
func (l *latencies) take() []time.Duration {
	l.Lock()
	defer l.Unlock()
	times := l.times
	l.times = nil
	return times
}

// Sends messages at a steady rate by one connection and takes them by another. Each line it is given ends a stretch, of
// which it tells the latencies.
func probe() error {
	config, err := tlsConfig()
	if err != nil {
		return err
	}
	queue := fmt.Sprintf("probe-%d", os.Getpid())
	consumer, err := open(*address, config)
	if err != nil {
		return err
	}
	publisher, err := open(*address, config)
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		consumer.openChannel, publisher.openChannel,
		func() error { return consumer.declare(queue) },
		func() error { return consumer.consume(queue) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	var passed latencies
	failed := make(chan error, 2)
	start := time.Now()
	go func() { failed <- take(consumer, start, &passed) }()
	go func() { failed <- send(publisher, queue, start) }()
	ordered := make(chan bool)
	go func() {
		defer close(ordered)
		for ready() == nil {
			ordered <- true
		}
	}()
	for {
		select {
		case err := <-failed:
			return err
		case _, more := <-ordered:
			if !more {
				return nil
			}
			times := passed.take()
			err := tell(map[string]any{
				"messages": len(times), "p50_ms": percentile(times, .5),
				"p99_ms": percentile(times, .99), "max_ms": percentile(times, 1),
			})
			if err != nil {
				return err
			}
		}
	}
}

// A message that is late is stamped with the time at which it was due: what held it up counts.
func send(publisher *connection, queue string, start time.Time) error {
	body := make([]byte, bodyBytes)
	gap := time.Second / time.Duration(*rate)
	for due := time.Duration(0); ; due += gap {
		time.Sleep(due - time.Since(start))
		binary.BigEndian.PutUint64(body, uint64(due))
		if err := publisher.publish(queue, body); err != nil {
			return err
		}
	}
}

func take(consumer *connection, start time.Time, passed *latencies) error {
	for {
		kind, payload, err := consumer.read()
		if err != nil {
			return err
		}
		if kind == frameBody {
			passed.add(time.Since(start) - time.Duration(binary.BigEndian.Uint64(payload)))
		}
	}
}
