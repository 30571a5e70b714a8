//! A small host of the core: one connection, named queues with a channel each, and routes to them.

use std::collections::HashMap;

use wasmtime::{Error, Result, Val, bail};

use crate::core::{Core, int};
use crate::frames::{self, Message};

/// The channel that publishes; those of the queues come behind it.
const PUBLISHER: u16 = 1;
/// As much as one call may do.
const WORK: u32 = 100_000;
const NO_OUTPUT: u32 = u32::MAX;

struct Queue {
    name: String,
    address: u32,
    number: u16,
    channel: u32,
    consumer: u32,
    dead_letters: String,
}

pub struct Host {
    core: Core,
    connection: u32,
    queues: Vec<Queue>,
    routes: HashMap<String, Vec<u32>>,
    published: usize,
}

impl Host {
    pub fn new(mut core: Core) -> Result<Host> {
        let connection = core.call("openConnection", &[int(0), int(0)])?;
        let frame_max = core.number("FRAME_MAX")?;
        core.call("setFrameMax", &[int(connection), int(frame_max)])?;
        core.call("openChannel", &[int(connection), int(PUBLISHER.into())])?;
        Ok(Host {
            core,
            connection,
            queues: Vec::new(),
            routes: HashMap::new(),
            published: 0,
        })
    }

    /// Does a step, then all that follows of it. Returns what was delivered, and ready+unacknowledged of each queue.
    pub fn step(&mut self, line: &str) -> Result<String> {
        self.run(&line.split(' ').collect::<Vec<_>>())?;
        let read = self.turn()?;
        let (mut delivered, mut left) = (Vec::new(), Vec::new());
        for queue in &self.queues {
            let here: Vec<_> = read
                .iter()
                .filter(|one| one.channel == queue.number)
                .map(text)
                .collect();
            if !here.is_empty() {
                delivered.push(format!("{} {}", queue.name, here.join(" ")));
            }
            let ready = self.core.call("readyCount", &[int(queue.address)])?;
            let unacked = self.core.call("unackedCount", &[int(queue.channel)])?;
            left.push(format!("{ready}+{unacked}"));
        }
        Ok(format!("{} | {}", delivered.join(", "), left.join(" ")))
    }

    fn run(&mut self, step: &[&str]) -> Result<()> {
        match *step {
            ["queue", name, ttl, length, requeues, dead] => self.declare(name, [ttl, length, requeues], dead)?,
            ["route", key, ref names @ ..] => {
                let queues: Result<Vec<_>> = names.iter().map(|name| Ok(self.queue(name)?.address)).collect();
                self.routes.insert(key.to_owned(), queues?);
            }
            ["publish", key, count, size] => {
                for _ in 0..count.parse()? {
                    self.published += 1;
                    let mut body = self.published.to_string().into_bytes();
                    body.resize(body.len().max(size.parse()?), b'.');
                    self.publish(key, &body)?;
                }
            }
            ["consume", name, prefetch] => self.consume(name, prefetch.parse()?)?,
            ["cancel", name] => self.call_on("cancelConsumer", self.queue(name)?.consumer)?,
            ["get", name] => {
                let Queue { channel, address, .. } = *self.queue(name)?;
                self.core.call("getMessage", &[int(channel), int(address), int(0)])?;
            }
            ["ack", name, tag] => self.settle(name, tag, false, "SETTLE_DONE")?,
            ["ack-all", name, tag] => self.settle(name, tag, true, "SETTLE_DONE")?,
            ["requeue", name, tag] => self.settle(name, tag, false, "SETTLE_REQUEUE")?,
            ["reject", name, tag] => self.settle(name, tag, false, "SETTLE_REJECT")?,
            ["recover", name] => self.call_on("recover", self.queue(name)?.channel)?,
            ["purge", name] => {
                let address = self.queue(name)?.address;
                self.core.call("purge", &[int(address), int(u32::MAX)])?;
            }
            ["time", now] => {
                self.core.call("setTime", &[Val::from(now.parse::<f64>()?), Val::from(0f64)])?;
                while self.core.call("sweep", &[])? != 0 {}
            }
            _ => bail!("no step is called {}", step[0]),
        }
        Ok(())
    }

    fn call_on(&mut self, name: &str, address: u32) -> Result<()> {
        self.core.call(name, &[int(address)])?;
        Ok(())
    }

    fn declare(&mut self, name: &str, [ttl, length, requeues]: [&str; 3], dead_letters: &str) -> Result<()> {
        let number = PUBLISHER + 1 + self.queues.len() as u16;
        let core = &mut self.core;
        let address = core.call("createQueue", &[])?;
        let channel = core.call("openChannel", &[int(self.connection), int(number.into())])?;
        let (name, dead_letters) = (name.to_owned(), dead_letters.to_owned());
        core.write_feature("TTL", limit(ttl)?)?;
        core.write_feature("MAX_LENGTH", limit(length)?)?;
        core.write_feature("MAX_BYTES", f64::INFINITY)?;
        core.write_feature("DELIVERY_LIMIT", limit(requeues)?)?;
        let overflow = core.number("OVERFLOW_DROP_HEAD")?;
        core.write_feature("OVERFLOW", overflow.into())?;
        core.write_feature("DEAD_LETTERS", if dead_letters == "-" { 0.0 } else { 1.0 })?;
        core.write_feature("DELIVERY_COUNT", 0.0)?;
        core.write_feature("MAX_PRIORITY", 0.0)?;
        core.call("setFeatures", &[int(address)])?;
        // What keys lead to may have changed: every participant forgets the routes that it knew.
        let epoch = core.call("raiseTopology", &[])?;
        core.call("applyTopology", &[int(epoch)])?;
        self.queues.push(Queue {
            name,
            address,
            number,
            channel,
            consumer: 0,
            dead_letters,
        });
        Ok(())
    }

    /// Brings a message in as its client sends it.
    fn publish(&mut self, key: &str, body: &[u8]) -> Result<()> {
        let core = &mut self.core;
        let octets = frames::publish(core, PUBLISHER, key, body)?;
        let read_at = core.result("RESULT_READ_OFFSET")?;
        let most = core.result("RESULT_READ_LENGTH")? as usize;
        let mut rest = octets.as_slice();
        while !rest.is_empty() {
            let part = &rest[..rest.len().min(most)];
            core.write(read_at, part);
            let given = [int(self.connection), int(read_at), int(part.len() as u32), int(WORK)];
            let stop = core.call("ingest", &given)?;
            rest = &rest[core.result("RESULT_CONSUMED")? as usize..];
            if stop == core.number("STOP_ROUTE")? {
                // A key that the core does not know, or does not know any more.
                let queues = self.routes.get(key).map_or(&[] as &[u32], Vec::as_slice);
                core.write_queues(queues)?;
                core.call(
                    "installRoute",
                    &[int(self.connection), int(queues.len() as u32), int(0), int(0)],
                )?;
            } else if stop != core.number("STOP_END")? {
                bail!("a read stopped for {stop}");
            }
        }
        Ok(())
    }

    fn consume(&mut self, name: &str, prefetch: u32) -> Result<()> {
        let scratch = self.core.scratch()?;
        self.core.write(scratch, name.as_bytes());
        let Queue { channel, address, .. } = *self.queue(name)?;
        let given = [
            int(channel),
            int(address),
            int(name.len() as u32),
            int(0),
            int(prefetch),
            int(0),
        ];
        let consumer = self.core.call("addConsumer", &given)?;
        self.queues
            .iter_mut()
            .filter(|queue| queue.name == name)
            .for_each(|queue| queue.consumer = consumer);
        Ok(())
    }

    fn settle(&mut self, name: &str, tag: &str, multiple: bool, how: &str) -> Result<()> {
        let channel = self.queue(name)?.channel;
        let how = self.core.number(how)?;
        let given = [
            int(channel),
            Val::from(tag.parse::<f64>()?),
            int(multiple.into()),
            int(how),
        ];
        if self.core.call("settleDelivery", &given)? == 0 {
            bail!("{name} has not delivered {tag}");
        }
        Ok(())
    }

    /// What a host does in each turn, until nothing is left to do. Returns what the client has read.
    fn turn(&mut self) -> Result<Vec<Message>> {
        let mut read = Vec::new();
        let mut more = true;
        while more {
            let passed = self.pass_dead_letters()?;
            let core = &mut self.core;
            more = core.call("serve", &[])? != 0 || passed;
            while core.call("nextOutput", &[])? != NO_OUTPUT {
                let (at, length) = (
                    core.result("RESULT_OUTPUT_OFFSET")?,
                    core.result("RESULT_OUTPUT_LENGTH")?,
                );
                let octets = core.read(at, length);
                read.extend(frames::messages(core, &octets)?);
                // As soon as the octets are out of the core's memory it may use it again.
                let output = core.result("RESULT_OUTPUT_BOX")?;
                core.call("written", &[int(self.connection), int(output)])?;
                more = true;
            }
        }
        Ok(read)
    }

    /// Sends on what died in a queue with dead letters. True: there were some.
    fn pass_dead_letters(&mut self) -> Result<bool> {
        let mut passed = false;
        loop {
            let message = self.core.call("nextDead", &[])?;
            if message == 0 {
                return Ok(passed);
            }
            let address = self.core.result("RESULT_DEAD_QUEUE")?;
            let from = self.queues.iter().find(|queue| queue.address == address);
            let Some(Queue { dead_letters, .. }) = from else {
                bail!("a message died in no queue")
            };
            let to = self.queue(dead_letters)?.address;
            self.republish(message, to)?;
            self.core.call("settleDead", &[])?;
            passed = true;
        }
    }

    /// A copy under the same key and with the same properties, for another queue.
    fn republish(&mut self, message: u32, queue: u32) -> Result<()> {
        let core = &mut self.core;
        let at = core.call("messageKeyOffset", &[int(message)])?;
        let length = core.call("messageKeyLength", &[int(message)])?;
        let key = core.read(at, length);
        let at = core.call("messageHeaderOffset", &[int(message)])?;
        let length = core.call("messageHeaderLength", &[int(message)])?;
        let header = core.read(at, length);
        let given = [int(message), int(key.len() as u32), int(header.len() as u32), int(1)];
        let copy = core.call("beginCopy", &given)?;
        if copy == 0 {
            bail!("no memory for a dead letter");
        }
        let at = core.call("messageKeyOffset", &[int(copy)])?;
        core.write(at, &key);
        let at = core.call("messageHeaderOffset", &[int(copy)])?;
        core.write(at, &header);
        core.call("endCopy", &[int(copy)])?;
        core.write_queues(&[queue])?;
        core.call("publishTo", &[int(copy), int(1)])?;
        core.call("releaseMessage", &[int(copy)])?;
        Ok(())
    }

    fn queue(&self, name: &str) -> Result<&Queue> {
        self.queues
            .iter()
            .find(|queue| queue.name == name)
            .ok_or_else(|| Error::msg(format!("no queue {name}")))
    }
}

fn limit(rule: &str) -> Result<f64> {
    if rule == "-" {
        Ok(f64::INFINITY)
    } else {
        Ok(rule.parse()?)
    }
}

/// How a delivery stands in an outcome: its tag, the number of its message, and whether it came before.
fn text(message: &Message) -> String {
    let digits: String = message
        .body
        .iter()
        .take_while(|octet| **octet != b'.')
        .map(|octet| char::from(*octet))
        .collect();
    format!("{}:{digits}{}", message.tag, if message.redelivered { "r" } else { "" })
}
