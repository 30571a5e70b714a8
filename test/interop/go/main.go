// Drives a broker with RabbitMQ's Go client: channels of Go for deliveries, confirms, returns and notifications.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

var (
	url      = os.Getenv("AMQP_URL")
	smallURL = os.Getenv("AMQP_SMALL_URL")
	name     = fmt.Sprintf("go-%d", time.Now().UnixNano())
	later    = context.Background()
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "rules" {
		rules()
		return
	}
	if len(os.Args) > 1 && os.Args[1] == "resources" {
		resources()
		return
	}
	if len(os.Args) > 1 && os.Args[1] == "tls" {
		triesTLS()
		return
	}
	connection := got(amqp.Dial(url))
	channel := got(connection.Channel())

	check("declares an exchange, a queue and a binding", func() {
		must(channel.ExchangeDeclare(name, amqp.ExchangeDirect, true, false, false, false, nil))
		queue := got(channel.QueueDeclare(name, true, false, false, false, amqp.Table{"x-expires": 600_000}))
		same(queue, amqp.Queue{Name: name})
		must(channel.QueueBind(name, "key", name, false, nil))
	})
	check("publishes with confirms, each awaited", func() { publishes(channel) })
	check("gets an unroutable mandatory message back: 312", func() { returns(channel) })
	check("gets a message with its properties and how many are left", func() { gets(channel) })
	check("has a nacked message back in its place, redelivered", func() { nacks(channel) })
	check("consumes with a prefetch of 4 and acknowledges by hand", func() { consumes(connection) })
	check("binds exchanges to exchanges", func() { bindsExchanges(channel) })
	check("answers a request by its reply-to", func() { answers(connection) })
	check("hears of its queue's deletion: a consumer is cancelled", func() { hearsOfDeletion(connection) })
	check("pauses and resumes the flow", func() { must(channel.Flow(true)) })
	check("purges and deletes, and is told how many messages went", func() { counts(channel) })
	check("is told of what does not exist: 404", func() { missing(connection) })
	check("is told of what does not match: 406", func() { mismatched(connection) })
	check("is told why its connection is closed: 540", closedByBroker)
	check("is told of a wrong vhost: 530, and of a wrong password: 403", badLogins)
	if smallURL != "" {
		check("is blocked by a full broker, and unblocked when there is room", blocked)
	}
	check("deletes what it declared and closes", func() {
		got(channel.QueueDelete(name, false, false, false))
		must(channel.ExchangeDelete(name, false, false))
		must(connection.Close())
	})
}

func publish(channel *amqp.Channel, exchange, key, body string) {
	must(channel.PublishWithContext(later, exchange, key, true, false, amqp.Publishing{Body: []byte(body)}))
}

func publishes(channel *amqp.Channel) {
	must(channel.Confirm(false))
	for number := 0; number < 10; number++ {
		confirm := got(channel.PublishWithDeferredConfirm(name, "key", true, false, amqp.Publishing{
			Body:         []byte(fmt.Sprint("body ", number)),
			DeliveryMode: amqp.Persistent,
			Timestamp:    time.Unix(1_700_000_000, 0),
			Type:         "greeting",
			Headers:      amqp.Table{"n": int32(number), "list": []any{"a", nil, 2.5}},
		}))
		same(confirm.Wait(), true)
	}
	same(got(channel.QueueDeclarePassive(name, true, false, false, false, nil)).Messages, 10)
}

func returns(channel *amqp.Channel) {
	returned := channel.NotifyReturn(make(chan amqp.Return, 1))
	publish(channel, name, "elsewhere", "lost")
	back := next(returned)
	same([]any{int(back.ReplyCode), back.ReplyText, back.RoutingKey, string(back.Body)}, []any{312, "NO_ROUTE", "elsewhere", "lost"})
}

func gets(channel *amqp.Channel) {
	message, ok, err := channel.Get(name, false)
	must(err)
	same([]any{ok, string(message.Body), int(message.MessageCount), message.Redelivered}, []any{true, "body 0", 9, false})
	same([]any{message.Type, message.Timestamp.Unix(), message.DeliveryMode}, []any{"greeting", int64(1_700_000_000), amqp.Persistent})
	same(message.Headers, amqp.Table{"n": int32(0), "list": []any{"a", nil, 2.5}})
	must(message.Ack(false))
}

func nacks(channel *amqp.Channel) {
	for _, redelivered := range []bool{false, true} {
		message, _, err := channel.Get(name, false)
		must(err)
		same([]any{string(message.Body), message.Redelivered}, []any{"body 1", redelivered})
		must(message.Nack(false, true))
	}
}

func consumes(connection *amqp.Connection) {
	channel := got(connection.Channel())
	must(channel.Qos(4, 0, false))
	deliveries := got(channel.Consume(name, "", false, false, false, false, nil))
	for number := 1; number < 10; number++ {
		message := next(deliveries)
		same(string(message.Body), fmt.Sprint("body ", number))
		if number%4 == 0 {
			must(message.Ack(true))
		}
	}
	// The ninth is not acknowledged: it goes back with the channel.
	must(channel.Close())
	channel = got(connection.Channel())
	message, ok, err := channel.Get(name, true)
	must(err)
	same([]any{ok, string(message.Body), message.Redelivered}, []any{true, "body 9", true})
	must(channel.Close())
}

func bindsExchanges(channel *amqp.Channel) {
	upstream := name + "-upstream"
	must(channel.ExchangeDeclare(upstream, amqp.ExchangeTopic, false, true, false, false, nil))
	must(channel.ExchangeBind(name, "#", upstream, false, nil))
	publish(channel, upstream, "key", "through")
	message, ok, err := channel.Get(name, true)
	must(err)
	same([]any{ok, message.Exchange, string(message.Body)}, []any{true, upstream, "through"})
	must(channel.ExchangeUnbind(name, "#", upstream, false, nil))
}

func answers(connection *amqp.Connection) {
	server, client := got(connection.Channel()), got(connection.Channel())
	requests := got(server.QueueDeclare("", false, false, true, false, nil))
	replies := got(client.QueueDeclare("", false, false, true, false, nil))
	incoming := got(server.Consume(requests.Name, "", true, false, false, false, nil))
	outgoing := got(client.Consume(replies.Name, "", true, false, false, false, nil))
	question := amqp.Publishing{ReplyTo: replies.Name, CorrelationId: "7", Body: []byte("6 x 7")}
	must(client.PublishWithContext(later, "", requests.Name, true, false, question))
	asked := next(incoming)
	answer := amqp.Publishing{CorrelationId: asked.CorrelationId, Body: append(asked.Body, " = 42"...)}
	must(server.PublishWithContext(later, "", asked.ReplyTo, true, false, answer))
	reply := next(outgoing)
	same([]any{reply.CorrelationId, string(reply.Body)}, []any{"7", "6 x 7 = 42"})
}

func hearsOfDeletion(connection *amqp.Connection) {
	watcher, deleter := got(connection.Channel()), got(connection.Channel())
	queue := got(watcher.QueueDeclare("", false, false, false, false, nil))
	cancelled := watcher.NotifyCancel(make(chan string, 1))
	deliveries := got(watcher.Consume(queue.Name, "watcher", false, false, false, false, nil))
	got(deleter.QueueDelete(queue.Name, false, false, false))
	same(next(cancelled), "watcher")
	if _, open := <-deliveries; open {
		panic("a delivery came from a deleted queue")
	}
}

func counts(channel *amqp.Channel) {
	queue := got(channel.QueueDeclare("", false, false, false, false, nil))
	for _, body := range []string{"a", "b", "c"} {
		publish(channel, "", queue.Name, body)
	}
	same(got(channel.QueuePurge(queue.Name, false)), 3)
	publish(channel, "", queue.Name, "d")
	same(got(channel.QueueDelete(queue.Name, false, false, false)), 1)
}

func missing(connection *amqp.Connection) {
	_, err := got(connection.Channel()).QueueDeclarePassive("go-nowhere", false, false, false, false, nil)
	refused(err, amqp.NotFound, "NOT_FOUND - no queue 'go-nowhere' in vhost '/'")

	// A publish has no answer: what was wrong comes as a notice.
	channel := got(connection.Channel())
	closed := channel.NotifyClose(make(chan *amqp.Error, 1))
	publish(channel, "go-nowhere", "key", "lost")
	refused(next(closed), amqp.NotFound, "NOT_FOUND - no exchange 'go-nowhere' in vhost '/'")
}

func mismatched(connection *amqp.Connection) {
	err := got(connection.Channel()).ExchangeDeclare(name, amqp.ExchangeFanout, true, false, false, false, nil)
	refused(err, amqp.PreconditionFailed, fmt.Sprintf(
		"PRECONDITION_FAILED - inequivalent arg 'type' for exchange '%s' in vhost '/': received 'fanout' but current is 'direct'", name))
	_, err = got(connection.Channel()).QueueDeclare(name, true, false, false, false, amqp.Table{"x-expires": 1})
	refused(err, amqp.PreconditionFailed, fmt.Sprintf(
		"PRECONDITION_FAILED - inequivalent arg 'x-expires' for queue '%s' in vhost '/': received '1' but current is '600000'", name))
}

func closedByBroker() {
	connection := got(amqp.Dial(url))
	closed := connection.NotifyClose(make(chan *amqp.Error, 1))
	_ = got(connection.Channel()).Qos(0, 9, false)
	refused(next(closed), amqp.NotImplemented, "NOT_IMPLEMENTED - prefetch_size!=0 (9)")
	same(connection.IsClosed(), true)
}

func badLogins() {
	_, err := amqp.DialConfig(url, amqp.Config{Vhost: "nowhere"})
	refused(err, amqp.NotAllowed, "NOT_ALLOWED - vhost nowhere not found")
	_, err = amqp.DialConfig(url, amqp.Config{SASL: []amqp.Authentication{&amqp.PlainAuth{Username: "guest", Password: "wrong"}}})
	// The client turns every failed login into an error of its own.
	same(err, amqp.ErrCredentials)
}

func blocked() {
	publisher, other := got(amqp.Dial(smallURL)), got(amqp.Dial(smallURL))
	notices := publisher.NotifyBlocked(make(chan amqp.Blocking, 8))
	channel := got(publisher.Channel())
	// What an exchange holds back stays in memory.
	must(channel.ExchangeDeclare("go-full", "x-delayed-message", false, false, false, false, amqp.Table{"x-delayed-type": "fanout"}))
	must(channel.ExchangeBind("go-full", "", "amq.fanout", false, nil))
	delayed := amqp.Publishing{Headers: amqp.Table{"x-delay": int32(3_600_000)}, Body: make([]byte, 65_536)}
	enough, stopped := make(chan struct{}), make(chan bool, 1)
	go func() {
		for {
			select {
			case <-enough:
				stopped <- true
				return
			default:
				must(channel.PublishWithContext(later, "amq.fanout", "", false, false, delayed))
			}
		}
	}()
	same(next(notices), amqp.Blocking{Active: true, Reason: "low on memory"})
	close(enough)
	must(got(other.Channel()).ExchangeDelete("go-full", false, false))
	same(next(notices), amqp.Blocking{Active: false})
	next(stopped)
	must(publisher.Close())
	must(other.Close())
}
