package main

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
)

// Methods, as their class and number on the wire.
const (
	connectionStart   = 10<<16 | 10
	connectionStartOk = 10<<16 | 11
	connectionTune    = 10<<16 | 30
	connectionTuneOk  = 10<<16 | 31
	connectionOpen    = 10<<16 | 40
	connectionOpenOk  = 10<<16 | 41
	channelOpen       = 20<<16 | 10
	channelOpenOk     = 20<<16 | 11
	queueDeclare      = 50<<16 | 10
	queueDeclareOk    = 50<<16 | 11
	basicConsume      = 60<<16 | 20
	basicConsumeOk    = 60<<16 | 21
	basicPublish      = 60<<16 | 40
)

const (
	frameMethod    = 1
	frameHeader    = 2
	frameBody      = 3
	frameHeartbeat = 8
	frameEnd       = 0xce
	frameHead      = 7
	frameMax       = 131072
)

// A connection that has logged in as guest.
type connection struct {
	net.Conn
}

// Connects by TLS (by plain TCP without a configuration) and goes on until connection.open-ok.
func open(address string, config *tls.Config) (*connection, error) {
	socket, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	if config != nil {
		socket = tls.Client(socket, config)
	}
	c := &connection{socket}
	if err := c.logIn(); err != nil {
		socket.Close()
		return nil, err
	}
	return c, nil
}

func (c *connection) logIn() error {
	if _, err := c.Write([]byte("AMQP\x00\x00\x09\x01")); err != nil {
		return err
	}
	if err := c.expect(connectionStart); err != nil {
		return err
	}
	var startOk bytes.Buffer
	startOk.Write(make([]byte, 4)) // no client properties
	shortString(&startOk, "PLAIN")
	longString(&startOk, "\x00guest\x00guest")
	shortString(&startOk, "en_US")
	if err := c.ask(0, connectionStartOk, startOk.Bytes(), connectionTune); err != nil {
		return err
	}
	tuneOk := binary.BigEndian.AppendUint16(nil, 16)
	tuneOk = binary.BigEndian.AppendUint32(tuneOk, frameMax)
	tuneOk = binary.BigEndian.AppendUint16(tuneOk, 0) // no heartbeats
	if err := c.send(0, connectionTuneOk, tuneOk); err != nil {
		return err
	}
	return c.ask(0, connectionOpen, []byte("\x01/\x00\x00"), connectionOpenOk)
}

func (c *connection) openChannel() error {
	return c.ask(1, channelOpen, []byte{0}, channelOpenOk)
}

// Declares an exclusive queue that goes with the connection.
func (c *connection) declare(queue string) error {
	const exclusive = 4
	arguments := bytes.NewBuffer([]byte{0, 0})
	shortString(arguments, queue)
	arguments.Write([]byte{exclusive, 0, 0, 0, 0})
	return c.ask(1, queueDeclare, arguments.Bytes(), queueDeclareOk)
}

func (c *connection) consume(queue string) error {
	const noAck = 2
	arguments := bytes.NewBuffer([]byte{0, 0})
	shortString(arguments, queue)
	shortString(arguments, "probe")
	arguments.Write([]byte{noAck, 0, 0, 0, 0})
	return c.ask(1, basicConsume, arguments.Bytes(), basicConsumeOk)
}

func (c *connection) publish(queue string, body []byte) error {
	arguments := bytes.NewBuffer([]byte{0, 0})
	shortString(arguments, "")
	shortString(arguments, queue)
	arguments.WriteByte(0)
	var message bytes.Buffer
	message.Write(method(1, basicPublish, arguments.Bytes()))
	header := []byte{0, 60, 0, 0}
	header = binary.BigEndian.AppendUint64(header, uint64(len(body)))
	message.Write(frame(frameHeader, 1, append(header, 0, 0)))
	message.Write(frame(frameBody, 1, body))
	_, err := c.Write(message.Bytes())
	return err
}

func (c *connection) ask(channel uint16, what uint32, arguments []byte, answer uint32) error {
	if err := c.send(channel, what, arguments); err != nil {
		return err
	}
	return c.expect(answer)
}

func (c *connection) send(channel uint16, what uint32, arguments []byte) error {
	_, err := c.Write(method(channel, what, arguments))
	return err
}

func (c *connection) expect(wanted uint32) error {
	kind, payload, err := c.read()
	if err != nil {
		return err
	}
	if kind != frameMethod || binary.BigEndian.Uint32(payload) != wanted {
		return fmt.Errorf("wanted method %d.%d, got frame %d: %q", wanted>>16, wanted&0xffff, kind, payload)
	}
	return nil
}

// The next frame that is no heartbeat.
func (c *connection) read() (byte, []byte, error) {
	var head [frameHead]byte
	for {
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return 0, nil, err
		}
		payload := make([]byte, binary.BigEndian.Uint32(head[3:])+1)
		if _, err := io.ReadFull(c, payload); err != nil {
			return 0, nil, err
		}
		if head[0] != frameHeartbeat {
			return head[0], payload[:len(payload)-1], nil
		}
	}
}

func method(channel uint16, what uint32, arguments []byte) []byte {
	return frame(frameMethod, channel, append(binary.BigEndian.AppendUint32(nil, what), arguments...))
}

func frame(kind byte, channel uint16, payload []byte) []byte {
	out := []byte{kind}
	out = binary.BigEndian.AppendUint16(out, channel)
	out = binary.BigEndian.AppendUint32(out, uint32(len(payload)))
	return append(append(out, payload...), frameEnd)
}

func shortString(to *bytes.Buffer, text string) {
	to.WriteByte(byte(len(text)))
	to.WriteString(text)
}

func longString(to *bytes.Buffer, text string) {
	to.Write(binary.BigEndian.AppendUint32(nil, uint32(len(text))))
	to.WriteString(text)
}
