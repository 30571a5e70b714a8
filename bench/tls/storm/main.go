// Clients of a broker that come back all at once, and others whose messages pass meanwhile: the two sides of the storm
// bench, each in a process of its own, led by lines on standard input. What they measured is one line of JSON.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"
)

var (
	address   = flag.String("address", "", "the broker's host and port")
	authority = flag.String("ca", "", "PEM file of the authority that is trusted; without one: plain TCP")
	count     = flag.Int("count", 2000, "clients that come back")
	rate      = flag.Int("rate", 500, "messages a second that the probe sends")
	resume    = flag.Bool("resume", false, "clients go on with the session that they had")
)

func main() {
	flag.Parse()
	var err error
	switch flag.Arg(0) {
	case "clients":
		err = clients()
	case "probe":
		err = probe()
	default:
		err = fmt.Errorf("storm [options] clients | probe")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "storm:", err)
		os.Exit(1)
	}
}

// Nil: plain TCP.
func tlsConfig() (*tls.Config, error) {
	if *authority == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(*authority)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS13}, nil
}

var orders = bufio.NewScanner(os.Stdin)

// Tells that all is ready, and waits for the next line.
func ready() error {
	fmt.Println("ready")
	if !orders.Scan() {
		return fmt.Errorf("nobody gives orders any more")
	}
	return nil
}

func tell(figures map[string]any) error {
	return json.NewEncoder(os.Stdout).Encode(figures)
}

// In milliseconds. Sorts them.
func percentile(times []time.Duration, share float64) float64 {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return milliseconds(times[min(len(times)-1, int(share*float64(len(times))))])
}

func milliseconds(duration time.Duration) float64 {
	return float64(duration.Microseconds()) / 1e3
}
