// AMQP frames that a host of the core meets: basic.publish on its way in, and deliveries on their way out.
package main

import "encoding/binary"

// Message is what a client reads.
type Message struct {
	channel     uint16
	tag         uint64
	redelivered bool
	body        []byte
}

// EncodePublish is basic.publish to the default exchange, without properties.
func EncodePublish(core *Core, channel uint16, key string, body []byte) []byte {
	method := binary.BigEndian.AppendUint32(nil, core.Number("METHOD_PUBLISH"))
	method = append(method, 0, 0, 0, byte(len(key)))
	method = append(append(method, key...), 0)
	header := binary.BigEndian.AppendUint32(nil, core.Number("HEADER_CLASS"))
	header = binary.BigEndian.AppendUint64(header, uint64(len(body)))
	header = append(header, 0, 0)
	frames := appendFrame(core, nil, "FRAME_METHOD", channel, method)
	frames = appendFrame(core, frames, "FRAME_HEADER", channel, header)
	most := int(core.Number("FRAME_BODY_MAX"))
	for len(body) > 0 {
		part := body[:min(len(body), most)]
		frames = appendFrame(core, frames, "FRAME_BODY", channel, part)
		body = body[len(part):]
	}
	return frames
}

func appendFrame(core *Core, frames []byte, kind string, channel uint16, payload []byte) []byte {
	frames = append(frames, byte(core.Number(kind)))
	frames = binary.BigEndian.AppendUint16(frames, channel)
	frames = binary.BigEndian.AppendUint32(frames, uint32(len(payload)))
	return append(append(frames, payload...), byte(core.Number("FRAME_END")))
}

// DecodeMessages finds basic.deliver and basic.get-ok with their content.
func DecodeMessages(core *Core, octets []byte) []Message {
	var messages []Message
	var message Message
	var left uint64
	for len(octets) > 0 {
		kind := uint32(octets[0])
		message.channel = binary.BigEndian.Uint16(octets[1:])
		length := binary.BigEndian.Uint32(octets[3:])
		head := core.Number("FRAME_HEAD")
		payload := octets[head : head+length]
		octets = octets[length+core.Number("FRAME_OVERHEAD"):]
		switch kind {
		case core.Number("FRAME_METHOD"):
			message.tag, message.redelivered = decodeDelivery(core, payload)
			message.body = nil
			continue
		case core.Number("FRAME_HEADER"):
			left = binary.BigEndian.Uint64(payload[4:])
		default:
			message.body = append(message.body, payload...)
			left -= uint64(length)
		}
		if left == 0 {
			messages = append(messages, message)
		}
	}
	return messages
}

func decodeDelivery(core *Core, payload []byte) (tag uint64, redelivered bool) {
	at := 4
	if binary.BigEndian.Uint32(payload) == core.Number("METHOD_DELIVER") {
		// A delivery names its consumer first.
		at = 5 + int(payload[4])
	}
	return binary.BigEndian.Uint64(payload[at:]), payload[at+8] == 1
}
