package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// How many connect at a time before the storm, and how often a client tries.
const (
	gently   = 32
	triesMax = 20
	pause    = 200 * time.Millisecond
)

// Connects as many clients as asked for, and at the next line drops all of them and lets all connect again at once.
func clients() error {
	config, err := tlsConfig()
	if err != nil {
		return err
	}
	configs := make([]*tls.Config, *count)
	for i := range configs {
		configs[i] = config
		if *resume && config != nil {
			configs[i] = config.Clone()
			configs[i].ClientSessionCache = tls.NewLRUClientSessionCache(1)
		}
	}
	connections := make([]*connection, *count)
	connectAll(connections, configs, gently)
	if err := ready(); err != nil {
		return err
	}
	start := time.Now()
	for _, c := range connections {
		if c != nil {
			// What TLS says at its end would wait for the broker.
			go c.drop()
		}
	}
	tried := connectAll(connections, configs, *count)
	all := time.Since(start)
	in, resumed := 0, 0
	for _, c := range connections {
		if c == nil {
			continue
		}
		in++
		if secure, ok := c.Conn.(*tls.Conn); ok && secure.ConnectionState().DidResume {
			resumed++
		}
	}
	err = tell(map[string]any{
		"all_ms": milliseconds(all), "in": in, "resumed": resumed, "retries": tried.retries,
		"p50_ms": percentile(tried.times, .5), "p99_ms": percentile(tried.times, .99),
	})
	if err != nil {
		return err
	}
	return ready()
}

func (c *connection) drop() {
	if secure, ok := c.Conn.(*tls.Conn); ok {
		secure.NetConn().Close()
		return
	}
	c.Close()
}

type attempts struct {
	sync.Mutex
	times   []time.Duration
	retries int
}

// So many at a time; each tries until it is in.
func connectAll(connections []*connection, configs []*tls.Config, atOnce int) *attempts {
	tried := &attempts{}
	places := make(chan bool, atOnce)
	var all sync.WaitGroup
	for i := range connections {
		all.Add(1)
		places <- true
		go func() {
			defer all.Done()
			defer func() { <-places }()
			connections[i] = connect(configs[i], tried)
		}()
	}
	all.Wait()
	return tried
}

// Nil: it did not get in.
func connect(config *tls.Config, tried *attempts) *connection {
	start := time.Now()
	for try := 0; try < triesMax; try++ {
		c, err := open(*address, config)
		tried.Lock()
		if err == nil {
			tried.times = append(tried.times, time.Since(start))
			tried.Unlock()
			return c
		}
		tried.retries++
		tried.Unlock()
		fmt.Fprintln(os.Stderr, "storm:", err)
		time.Sleep(pause)
	}
	return nil
}
