//! Drives a broker with lapin, on tokio.

mod checks;

use std::env;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use checks::{check, next, refused, same, Outcome};
use futures_lite::StreamExt;
use lapin::options::*;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, Event, ExchangeKind};

/// A broker's URL, and the name of this run's exchange and queue.
struct Story {
    url: String,
    name: ShortString,
    connection: Connection,
    channel: Channel,
}

#[tokio::main]
async fn main() {
    let url = env::var("AMQP_URL").expect("AMQP_URL");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_nanos();
    let connection = connect(&url).await.expect("a connection");
    let channel = connection.create_channel().await.expect("a channel");
    let story = Story { url, name: format!("rust-{now}").into(), connection, channel };

    check("declares an exchange, a queue and a binding", story.declares()).await;
    check("publishes with confirms, awaited together", story.publishes()).await;
    check("gets an unroutable mandatory message back: 312", story.returns()).await;
    check("gets a message with its properties and how many are left", story.gets()).await;
    check("has a nacked message back in its place, redelivered", story.nacks()).await;
    check("consumes with a prefetch of 3 and acknowledges by hand", story.consumes()).await;
    check("binds exchanges to exchanges", story.binds_exchanges()).await;
    check("answers a request by its reply-to", story.answers()).await;
    check("hears of its queue's deletion: a consumer's stream ends", story.hears_of_deletion()).await;
    check("purges and deletes, and is told how many messages went", story.counts()).await;
    check("is told of what does not exist: 404", story.missing()).await;
    check("is told of what does not match: 406", story.mismatched()).await;
    check("is told why its connection is closed: 540", story.closed_by_broker()).await;
    check("is told of a wrong vhost: 530, and of a wrong password: 403", story.bad_logins()).await;
    if let Ok(small) = env::var("AMQP_SMALL_URL") {
        check("is blocked by a full broker, and unblocked when there is room", blocked(&small)).await;
    }
    check("deletes what it declared and closes", story.closes()).await;
}

async fn connect(url: &str) -> lapin::Result<Connection> {
    Connection::connect(url, ConnectionProperties::default()).await
}

async fn publish(channel: &Channel, exchange: &str, key: &str, body: &str) -> lapin::Result<lapin::Confirmation> {
    let options = BasicPublishOptions { mandatory: true, ..Default::default() };
    channel
        .basic_publish(exchange.into(), key.into(), options, body.as_bytes(), BasicProperties::default())
        .await?
        .await
}

async fn take(channel: &Channel, queue: &str) -> Result<String, Box<dyn std::error::Error>> {
    let message = channel.basic_get(queue.into(), BasicGetOptions { no_ack: true }).await?.ok_or("nothing")?;
    Ok(String::from_utf8(message.delivery.data.clone())?)
}

impl Story {
    async fn declares(&self) -> Outcome {
        let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
        self.channel.exchange_declare(self.name.clone(), ExchangeKind::Topic, durable, FieldTable::default()).await?;
        let mut arguments = FieldTable::default();
        arguments.insert("x-expires".into(), AMQPValue::LongInt(600_000));
        let queue = self.channel.queue_declare(self.name.clone(), QueueDeclareOptions::durable(), arguments).await?;
        same((queue.name(), queue.message_count(), queue.consumer_count()), (&self.name, 0, 0))?;
        let (queue, exchange) = (self.name.clone(), self.name.clone());
        self.channel
            .queue_bind(queue, exchange, "hutch.*".into(), QueueBindOptions::default(), FieldTable::default())
            .await?;
        Ok(())
    }

    async fn publishes(&self) -> Outcome {
        self.channel.confirm_select(ConfirmSelectOptions::default()).await?;
        for number in 0..10 {
            let mut headers = FieldTable::default();
            headers.insert("number".into(), AMQPValue::LongInt(number));
            let properties =
                BasicProperties::default().with_delivery_mode(2).with_message_id("carrot".into()).with_headers(headers);
            let body = format!("body {number}");
            let options = BasicPublishOptions::default();
            self.channel
                .basic_publish(self.name.clone(), "hutch.door".into(), options, body.as_bytes(), properties)
                .await?;
        }
        same(self.channel.wait_for_confirms().await?.len(), 0)?;
        let passive = QueueDeclareOptions::durable().passive();
        let queue = self.channel.queue_declare(self.name.clone(), passive, FieldTable::default()).await?;
        same(queue.message_count(), 10)
    }

    async fn returns(&self) -> Outcome {
        let confirm = publish(&self.channel, self.name.as_str(), "elsewhere", "lost").await?;
        same(confirm.is_ack(), true)?;
        let back = confirm.take_message().ok_or("it was not returned")?;
        same((back.reply_code, back.reply_text.as_str(), &back.data[..]), (312, "NO_ROUTE", &b"lost"[..]))
    }

    async fn gets(&self) -> Outcome {
        let message = self.channel.basic_get(self.name.clone(), BasicGetOptions::default()).await?.ok_or("nothing")?;
        same(
            (&message.delivery.data[..], message.message_count, message.delivery.redelivered),
            (&b"body 0"[..], 9, false),
        )?;
        let properties = &message.delivery.properties;
        same((properties.delivery_mode(), properties.message_id()), (&Some(2), &Some("carrot".into())))?;
        let headers = properties.headers().as_ref().ok_or("no headers")?;
        same(headers.inner().get("number"), Some(&AMQPValue::LongInt(0)))?;
        message.delivery.acker.ack(BasicAckOptions::default()).await?;
        Ok(())
    }

    async fn nacks(&self) -> Outcome {
        for redelivered in [false, true] {
            let message =
                self.channel.basic_get(self.name.clone(), BasicGetOptions::default()).await?.ok_or("nothing")?;
            same((&message.delivery.data[..], message.delivery.redelivered), (&b"body 1"[..], redelivered))?;
            message.delivery.acker.nack(BasicNackOptions { requeue: true, ..Default::default() }).await?;
        }
        Ok(())
    }

    async fn consumes(&self) -> Outcome {
        let channel = self.connection.create_channel().await?;
        channel.basic_qos(3, BasicQosOptions::default()).await?;
        let options = BasicConsumeOptions::default();
        let mut consumer =
            channel.basic_consume(self.name.clone(), "eater".into(), options, FieldTable::default()).await?;
        for number in 1..10 {
            let delivery = next(&mut consumer).await??;
            same(String::from_utf8(delivery.data.clone())?, format!("body {number}"))?;
            if number % 3 == 0 {
                delivery.acker.ack(BasicAckOptions { multiple: true }).await?;
            }
        }
        channel.basic_cancel("eater".into(), BasicCancelOptions::default()).await?;
        channel.close(200, "done".into()).await?;
        Ok(())
    }

    async fn binds_exchanges(&self) -> Outcome {
        let upstream: ShortString = format!("{}-upstream", self.name).into();
        let options = ExchangeDeclareOptions { auto_delete: true, ..Default::default() };
        self.channel.exchange_declare(upstream.clone(), ExchangeKind::Fanout, options, FieldTable::default()).await?;
        let (to, from) = (self.name.clone(), upstream.clone());
        self.channel.exchange_bind(to, from, "".into(), ExchangeBindOptions::default(), FieldTable::default()).await?;
        publish(&self.channel, upstream.as_str(), "hutch.roof", "through").await?;
        same(take(&self.channel, self.name.as_str()).await?, "through")?;
        let (to, from) = (self.name.clone(), upstream.clone());
        self.channel
            .exchange_unbind(to, from, "".into(), ExchangeUnbindOptions::default(), FieldTable::default())
            .await?;
        Ok(())
    }

    async fn answers(&self) -> Outcome {
        let channel = self.connection.create_channel().await?;
        let exclusive = QueueDeclareOptions::exclusive();
        let requests = channel.queue_declare("".into(), exclusive, FieldTable::default()).await?;
        let replies = channel.queue_declare("".into(), exclusive, FieldTable::default()).await?;
        let options = BasicConsumeOptions { no_ack: true, ..Default::default() };
        let mut incoming =
            channel.basic_consume(requests.name().clone(), "".into(), options, FieldTable::default()).await?;
        let mut outgoing =
            channel.basic_consume(replies.name().clone(), "".into(), options, FieldTable::default()).await?;

        let properties =
            BasicProperties::default().with_reply_to(replies.name().clone()).with_correlation_id("77".into());
        let options = BasicPublishOptions::default();
        channel.basic_publish("".into(), requests.name().clone(), options, b"knock", properties).await?;
        let asked = next(&mut incoming).await??;
        let to = asked.properties.reply_to().clone().ok_or("no reply-to")?;
        let id = asked.properties.correlation_id().clone().ok_or("no correlation-id")?;
        let properties = BasicProperties::default().with_correlation_id(id);
        channel.basic_publish("".into(), to, options, b"who is there?", properties).await?;
        let reply = next(&mut outgoing).await??;
        same((&reply.data[..], reply.properties.correlation_id()), (&b"who is there?"[..], &Some("77".into())))?;
        channel.close(200, "done".into()).await?;
        Ok(())
    }

    async fn hears_of_deletion(&self) -> Outcome {
        let channel = self.connection.create_channel().await?;
        let queue = channel.queue_declare("".into(), QueueDeclareOptions::default(), FieldTable::default()).await?;
        let options = BasicConsumeOptions::default();
        let mut consumer =
            channel.basic_consume(queue.name().clone(), "".into(), options, FieldTable::default()).await?;
        self.channel.queue_delete(queue.name().clone(), QueueDeleteOptions::default()).await?;
        same(consumer.next().await.is_none(), true)?;
        channel.close(200, "done".into()).await?;
        Ok(())
    }

    async fn counts(&self) -> Outcome {
        let queue =
            self.channel.queue_declare("".into(), QueueDeclareOptions::default(), FieldTable::default()).await?;
        for body in ["a", "b", "c"] {
            publish(&self.channel, "", queue.name().as_str(), body).await?;
        }
        same(self.channel.queue_purge(queue.name().clone(), QueuePurgeOptions::default()).await?, 3)?;
        publish(&self.channel, "", queue.name().as_str(), "d").await?;
        same(self.channel.queue_delete(queue.name().clone(), QueueDeleteOptions::default()).await?, 1)
    }

    async fn missing(&self) -> Outcome {
        let channel = self.connection.create_channel().await?;
        let outcome = channel.basic_get("rust-nowhere".into(), BasicGetOptions::default()).await;
        refused(outcome, 404, "NOT_FOUND - no queue 'rust-nowhere' in vhost '/'")?;

        // A confirm is awaited in vain: the channel closes instead.
        let channel = self.connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let outcome = publish(&channel, "rust-nowhere", "key", "lost").await;
        refused(outcome, 404, "NOT_FOUND - no exchange 'rust-nowhere' in vhost '/'")
    }

    async fn mismatched(&self) -> Outcome {
        let channel = self.connection.create_channel().await?;
        let outcome =
            channel.queue_declare(self.name.clone(), QueueDeclareOptions::default(), FieldTable::default()).await;
        let text = format!(
            "PRECONDITION_FAILED - inequivalent arg 'durable' for queue '{}' in vhost '/': received 'false' but current is 'true'",
            self.name
        );
        refused(outcome, 406, &text)
    }

    async fn closed_by_broker(&self) -> Outcome {
        let connection = connect(&self.url).await?;
        let channel = connection.create_channel().await?;
        let outcome = channel.basic_recover(BasicRecoverOptions { requeue: false }).await;
        refused(outcome, 540, "NOT_IMPLEMENTED - requeue=false")
    }

    async fn bad_logins(&self) -> Outcome {
        refused(connect(&format!("{}/nowhere", self.url)).await, 530, "NOT_ALLOWED - vhost nowhere not found")?;
        let text = "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile.";
        refused(connect(&self.url.replace(":guest@", ":wrong@")).await, 403, text)
    }

    async fn closes(&self) -> Outcome {
        self.channel.queue_delete(self.name.clone(), QueueDeleteOptions::default()).await?;
        self.channel.exchange_delete(self.name.clone(), ExchangeDeleteOptions::default()).await?;
        self.connection.close(200, "done".into()).await?;
        Ok(())
    }
}

/// Fills a small broker with what an exchange holds back, which stays in memory, until it says that it takes no more; makes room from another connection.
async fn blocked(url: &str) -> Outcome {
    let (publisher, other) = (connect(url).await?, connect(url).await?);
    let mut events = publisher.events_listener();
    let channel = publisher.create_channel().await?;
    let mut arguments = FieldTable::default();
    arguments.insert("x-delayed-type".into(), AMQPValue::LongString("fanout".into()));
    let kind = ExchangeKind::Custom("x-delayed-message".into());
    channel.exchange_declare("rust-full".into(), kind, ExchangeDeclareOptions::default(), arguments).await?;
    let options = ExchangeBindOptions::default();
    channel.exchange_bind("rust-full".into(), "amq.fanout".into(), "".into(), options, FieldTable::default()).await?;
    let mut headers = FieldTable::default();
    headers.insert("x-delay".into(), AMQPValue::LongInt(3_600_000));
    let later = BasicProperties::default().with_headers(headers);
    let enough = Arc::new(AtomicBool::new(false));
    let told = enough.clone();
    let filler = tokio::spawn(async move {
        let body = vec![0; 65_536];
        // A blocked connection's publish waits for the broker.
        while !told.load(Ordering::Relaxed) {
            let options = BasicPublishOptions::default();
            channel.basic_publish("amq.fanout".into(), "".into(), options, &body, later.clone()).await?;
        }
        lapin::Result::Ok(channel)
    });
    loop {
        if let Event::ConnectionBlocked(reason) = next(&mut events).await? {
            same(reason, "low on memory")?;
            break;
        }
    }
    enough.store(true, Ordering::Relaxed);
    other.create_channel().await?.exchange_delete("rust-full".into(), ExchangeDeleteOptions::default()).await?;
    loop {
        if let Event::ConnectionUnblocked = next(&mut events).await? {
            break;
        }
    }
    // Dropping a channel closes it in the background: both are kept until their connections are closed.
    let _channel = filler.await??;
    publisher.close(200, "done".into()).await?;
    other.close(200, "done".into()).await?;
    Ok(())
}
