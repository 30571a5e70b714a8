//! AMQP frames that a host of the core meets: basic.publish on its way in, and deliveries on their way out.

use wasmtime::Result;

use crate::core::Core;

/// What a client reads.
pub struct Message {
    pub channel: u16,
    pub tag: u64,
    pub redelivered: bool,
    pub body: Vec<u8>,
}

/// basic.publish to the default exchange, without properties.
pub fn publish(core: &mut Core, channel: u16, key: &str, body: &[u8]) -> Result<Vec<u8>> {
    let mut method = core.number("METHOD_PUBLISH")?.to_be_bytes().to_vec();
    method.extend([0, 0, 0, key.len() as u8]);
    method.extend(key.as_bytes());
    method.push(0);
    let mut header = core.number("HEADER_CLASS")?.to_be_bytes().to_vec();
    header.extend((body.len() as u64).to_be_bytes());
    header.extend([0, 0]);
    let mut frames = Vec::new();
    add_frame(core, &mut frames, "FRAME_METHOD", channel, &method)?;
    add_frame(core, &mut frames, "FRAME_HEADER", channel, &header)?;
    for part in body.chunks(core.number("FRAME_BODY_MAX")? as usize) {
        add_frame(core, &mut frames, "FRAME_BODY", channel, part)?;
    }
    Ok(frames)
}

fn add_frame(core: &mut Core, frames: &mut Vec<u8>, kind: &str, channel: u16, payload: &[u8]) -> Result<()> {
    frames.push(core.number(kind)? as u8);
    frames.extend(channel.to_be_bytes());
    frames.extend((payload.len() as u32).to_be_bytes());
    frames.extend(payload);
    frames.push(core.number("FRAME_END")? as u8);
    Ok(())
}

/// basic.deliver and basic.get-ok with their content.
pub fn messages(core: &mut Core, mut octets: &[u8]) -> Result<Vec<Message>> {
    let head = core.number("FRAME_HEAD")? as usize;
    let overhead = core.number("FRAME_OVERHEAD")? as usize;
    let mut messages = Vec::new();
    let (mut tag, mut redelivered, mut left, mut body) = (0, false, 0, Vec::new());
    while !octets.is_empty() {
        let kind = u32::from(octets[0]);
        let channel = u16::from_be_bytes([octets[1], octets[2]]);
        let length = u32::from_be_bytes(octets[3..head].try_into().expect("four octets")) as usize;
        let payload = &octets[head..head + length];
        octets = &octets[length + overhead..];
        if kind == core.number("FRAME_METHOD")? {
            let method = u32::from_be_bytes(payload[..4].try_into().expect("four octets"));
            // A delivery names its consumer first.
            let at = if method == core.number("METHOD_DELIVER")? {
                5 + usize::from(payload[4])
            } else {
                4
            };
            tag = number_at(payload, at);
            redelivered = payload[at + 8] == 1;
            continue;
        }
        if kind == core.number("FRAME_HEADER")? {
            left = number_at(payload, 4) as usize;
        } else {
            body.extend(payload);
            left -= length;
        }
        if left == 0 {
            messages.push(Message {
                channel,
                tag,
                redelivered,
                body: std::mem::take(&mut body),
            });
        }
    }
    Ok(messages)
}

fn number_at(payload: &[u8], at: usize) -> u64 {
    u64::from_be_bytes(payload[at..at + 8].try_into().expect("eight octets"))
}
