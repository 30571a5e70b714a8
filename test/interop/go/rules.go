// What queues and exchanges do by their rules, as RabbitMQ's Go client sees it: direct replies, transactions, dead letters, priorities, limits.
package main

import (
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

const replyTo = "amq.rabbitmq.reply-to"

// rules is a story of its own: `interop rules`.
func rules() {
	connection := got(amqp.Dial(url))
	channel := got(connection.Channel())
	check("has requests answered by direct replies", func() { directReplies(connection) })
	check("is refused a direct reply that nobody waits for: 406", func() { nobodyWaits(connection) })
	check("sees a transaction's messages after its commit, and what it acknowledged after a rollback", func() { transactions(connection) })
	check("finds what was rejected, too old or too many among the dead letters, with the reason", func() { deadLetters(channel) })
	check("sees each step of a letter that died twice", func() { deathChain(channel) })
	check("gets messages by their priority, those of one priority in order", func() { messagePriorities(channel) })
	check("counts the deliveries of a quorum queue, until its limit makes a dead letter", func() { deliveryLimit(connection) })
	check("hands over from a single active consumer to the next", func() { handsOver(connection) })
	check("serves consumers of a higher priority first", func() { consumerPriorities(connection) })
	check("finds in the alternate exchange what was routed nowhere", func() { alternates(channel) })
	check("sends copies by CC and BCC, and shows CC alone", func() { copies(channel) })
	check("routes by headers: all, any, and presence", func() { headers(channel) })
	check("routes through exchanges bound to exchanges, until they are unbound", func() { throughExchanges(channel) })
	check("has a returned message before its confirm, and a nack when a queue is full", func() { outcomes(connection) })
	check("hears of a deleted queue on every consumer, those that stand by too", func() { cancels(connection) })
	check("is told by passive declares what is not there: 404", func() { passives(connection) })
	check("is told which argument differs: 406", func() { inequivalent(connection) })
	check("is told of wrong arguments: 406", func() { invalid(connection) })
	check("is told of exclusive queues and consumers: 405 and 403", func() { exclusives(connection) })
	check("is told of a delivery tag that is not known: 406", func() { unknownTag(connection) })
	check("loses its connection when it uses a consumer tag twice: 530", reusesTag)
	check("closes", func() { must(connection.Close()) })
}

// declared is a new queue that goes with the connection.
func declared(channel *amqp.Channel, arguments amqp.Table) string {
	return got(channel.QueueDeclare("", false, false, true, false, arguments)).Name
}

func deadLettersTo(queue string, more amqp.Table) amqp.Table {
	arguments := amqp.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": queue}
	for name, value := range more {
		arguments[name] = value
	}
	return arguments
}

func send(channel *amqp.Channel, exchange, key string, message amqp.Publishing) {
	must(channel.PublishWithContext(later, exchange, key, false, false, message))
}

func text(body string) amqp.Publishing {
	return amqp.Publishing{Body: []byte(body)}
}

// consumed is what comes from a queue, without acknowledgements.
func consumed(channel *amqp.Channel, queue string) <-chan amqp.Delivery {
	return got(channel.Consume(queue, "", true, false, false, false, nil))
}

func bodiesOf(deliveries <-chan amqp.Delivery, count int) []string {
	bodies := []string{}
	for range count {
		bodies = append(bodies, string(next(deliveries).Body))
	}
	return bodies
}

// death is an entry of x-death: the newest is number 0.
func death(message amqp.Delivery, number int) amqp.Table {
	return message.Headers["x-death"].([]any)[number].(amqp.Table)
}

func directReplies(connection *amqp.Connection) {
	client, server := got(connection.Channel()), got(connection.Channel())
	queue := declared(server, nil)
	requests := consumed(server, queue)
	replies := consumed(client, replyTo)
	for number := range 3 {
		send(client, "", queue, amqp.Publishing{ReplyTo: replyTo, CorrelationId: fmt.Sprint(number), Body: []byte("shout")})
		request := next(requests)
		if request.ReplyTo == replyTo {
			panic("the name to reply to is the requester's own")
		}
		send(server, "", request.ReplyTo, amqp.Publishing{CorrelationId: request.CorrelationId, Body: []byte("SHOUT")})
		reply := next(replies)
		same([]any{reply.CorrelationId, string(reply.Body)}, []any{fmt.Sprint(number), "SHOUT"})
	}
}

func nobodyWaits(connection *amqp.Connection) {
	channel := got(connection.Channel())
	closed := channel.NotifyClose(make(chan *amqp.Error, 1))
	send(channel, "", "anywhere", amqp.Publishing{ReplyTo: replyTo})
	refused(next(closed), amqp.PreconditionFailed, "PRECONDITION_FAILED - fast reply consumer does not exist")
}

func transactions(connection *amqp.Connection) {
	work, other := got(connection.Channel()), got(connection.Channel())
	queue := declared(other, nil)
	must(work.Tx())
	send(work, "", queue, text("never"))
	must(work.TxRollback())
	send(work, "", queue, text("a"))
	send(work, "", queue, text("b"))
	same(got(other.QueueDeclarePassive(queue, false, false, true, false, nil)).Messages, 0)
	must(work.TxCommit())
	message, ok, err := work.Get(queue, false)
	must(err)
	same([]any{ok, string(message.Body)}, []any{true, "a"})
	must(message.Ack(false))
	must(work.TxRollback())
	must(work.Close())
	deliveries := consumed(other, queue)
	again := next(deliveries)
	same([]any{string(again.Body), again.Redelivered}, []any{"a", true})
	same(bodiesOf(deliveries, 1), []string{"b"})
}

func deadLetters(channel *amqp.Channel) {
	grave := declared(channel, nil)
	mortal := declared(channel, deadLettersTo(grave, amqp.Table{"x-max-length": 1}))
	letters := consumed(channel, grave)
	send(channel, "", mortal, text("first"))
	send(channel, "", mortal, text("second"))
	letter := next(letters)
	same([]any{string(letter.Body), letter.RoutingKey}, []any{"first", grave})
	same([]any{death(letter, 0)["reason"], death(letter, 0)["queue"], death(letter, 0)["count"]}, []any{"maxlen", mortal, int64(1)})
	message, _, err := channel.Get(mortal, false)
	must(err)
	must(message.Reject(false))
	letter = next(letters)
	same([]any{string(letter.Body), letter.Headers["x-first-death-reason"]}, []any{"second", "rejected"})
	send(channel, "", mortal, amqp.Publishing{Body: []byte("third"), Expiration: "20"})
	letter = next(letters)
	same([]any{string(letter.Body), death(letter, 0)["reason"], death(letter, 0)["original-expiration"], letter.Expiration},
		[]any{"third", "expired", "20", ""})
}

func deathChain(channel *amqp.Channel) {
	end := declared(channel, nil)
	second := declared(channel, deadLettersTo(end, amqp.Table{"x-message-ttl": 20}))
	first := declared(channel, deadLettersTo(second, nil))
	letters := consumed(channel, end)
	deliveries := got(channel.Consume(first, "", false, false, false, false, nil))
	send(channel, "", first, text("twice"))
	must(next(deliveries).Reject(false))
	letter := next(letters)
	same([]any{death(letter, 0)["reason"], death(letter, 0)["queue"]}, []any{"expired", second})
	same([]any{death(letter, 1)["reason"], death(letter, 1)["queue"]}, []any{"rejected", first})
	same(letter.Headers["x-first-death-queue"], first)
}

func messagePriorities(channel *amqp.Channel) {
	ranked := declared(channel, amqp.Table{"x-max-priority": 5})
	must(channel.Confirm(false))
	for _, one := range []amqp.Publishing{
		{Body: []byte("low"), Priority: 1}, {Body: []byte("none")}, {Body: []byte("high 1"), Priority: 5},
		{Body: []byte("beyond"), Priority: 9}, {Body: []byte("high 2"), Priority: 5},
	} {
		same(got(channel.PublishWithDeferredConfirm("", ranked, true, false, one)).Wait(), true)
	}
	same(bodiesOf(consumed(channel, ranked), 5), []string{"high 1", "beyond", "high 2", "low", "none"})
}

func deliveryLimit(connection *amqp.Connection) {
	channel := got(connection.Channel())
	grave := declared(channel, nil)
	queue := name + "-quorum"
	limited := deadLettersTo(grave, amqp.Table{"x-queue-type": "quorum", "x-delivery-limit": 2})
	got(channel.QueueDeclare(queue, true, false, false, false, limited))
	send(channel, "", queue, amqp.Publishing{Body: []byte("poison"), DeliveryMode: amqp.Persistent})
	deliveries := got(channel.Consume(queue, "", false, false, false, false, nil))
	for _, count := range []any{nil, int64(1), int64(2)} {
		message := next(deliveries)
		same([]any{message.Redelivered, message.Headers["x-delivery-count"]}, []any{count != nil, count})
		must(message.Nack(false, true))
	}
	letter := next(consumed(channel, grave))
	same([]any{string(letter.Body), death(letter, 0)["reason"]}, []any{"poison", "delivery_limit"})
	got(channel.QueueDelete(queue, false, false, false))
	must(channel.Close())
}

func handsOver(connection *amqp.Connection) {
	first, second := got(connection.Channel()), got(connection.Channel())
	queue := declared(first, amqp.Table{"x-single-active-consumer": true})
	active := got(first.Consume(queue, "first", false, false, false, false, nil))
	waiting := got(second.Consume(queue, "second", false, false, false, false, nil))
	send(first, "", queue, text("a"))
	send(first, "", queue, text("b"))
	must(next(active).Ack(false))
	same(string(next(active).Body), "b")
	// The second message goes back with the channel, and to the one that stood by.
	must(first.Close())
	message := next(waiting)
	same([]any{string(message.Body), message.Redelivered}, []any{"b", true})
	must(message.Ack(false))
	must(second.Close())
}

func consumerPriorities(connection *amqp.Connection) {
	channel := got(connection.Channel())
	queue := declared(channel, nil)
	low := got(channel.Consume(queue, "low", false, false, false, false, nil))
	must(channel.Qos(1, 0, false))
	high := got(channel.Consume(queue, "high", false, false, false, false, amqp.Table{"x-priority": 10}))
	send(channel, "", queue, text("a"))
	send(channel, "", queue, text("b"))
	message := next(high)
	same(string(message.Body), "a")
	same(string(next(low).Body), "b")
	must(message.Ack(false))
	send(channel, "", queue, text("c"))
	same(string(next(high).Body), "c")
	must(channel.Close())
}

func alternates(channel *amqp.Channel) {
	rest, main := name+"-rest", name+"-main"
	must(channel.ExchangeDeclare(rest, amqp.ExchangeFanout, false, true, true, false, nil))
	must(channel.ExchangeDeclare(main, amqp.ExchangeDirect, false, true, false, false, amqp.Table{"alternate-exchange": rest}))
	known, unknown := declared(channel, nil), declared(channel, nil)
	must(channel.QueueBind(known, "known", main, false, nil))
	must(channel.QueueBind(unknown, "", rest, false, nil))
	send(channel, main, "known", text("routed"))
	send(channel, main, "unknown", text("left over"))
	same(bodiesOf(consumed(channel, known), 1), []string{"routed"})
	message := next(consumed(channel, unknown))
	same([]any{message.Exchange, message.RoutingKey, string(message.Body)}, []any{main, "unknown", "left over"})
}

func copies(channel *amqp.Channel) {
	to, copied, blind := declared(channel, nil), declared(channel, nil), declared(channel, nil)
	send(channel, "", to, amqp.Publishing{
		Body:    []byte("copied"),
		Headers: amqp.Table{"CC": []any{copied}, "BCC": []any{blind}},
	})
	for _, queue := range []string{to, copied, blind} {
		message := next(consumed(channel, queue))
		same([]any{string(message.Body), message.RoutingKey, message.Headers}, []any{"copied", to, amqp.Table{"CC": []any{copied}}})
	}
}

func headers(channel *amqp.Channel) {
	bound := map[string]amqp.Table{
		"all":      {"x-match": "all", "kind": "hare", "size": int32(3)},
		"any":      {"x-match": "any", "kind": "hare", "size": int32(3)},
		"presence": {"kind": nil},
	}
	queues := map[string]string{}
	for label, arguments := range bound {
		queues[label] = declared(channel, nil)
		must(channel.QueueBind(queues[label], "", "amq.headers", false, arguments))
	}
	for body, table := range map[string]amqp.Table{
		"both": {"kind": "hare", "size": int64(3)}, "one": {"size": int32(3)}, "other": {"kind": "fox"},
	} {
		send(channel, "amq.headers", "", amqp.Publishing{Body: []byte(body), Headers: table})
	}
	for label, count := range map[string]int{"all": 1, "any": 2, "presence": 2} {
		same(got(channel.QueueDelete(queues[label], false, false, false)), count)
	}
}

func throughExchanges(channel *amqp.Channel) {
	source, middle := name+"-source", name+"-middle"
	must(channel.ExchangeDeclare(source, amqp.ExchangeTopic, false, false, false, false, nil))
	must(channel.ExchangeDeclare(middle, amqp.ExchangeFanout, false, true, false, false, nil))
	must(channel.ExchangeBind(middle, "orders.#", source, false, nil))
	queue := declared(channel, nil)
	must(channel.QueueBind(queue, "", middle, false, nil))
	returned := channel.NotifyReturn(make(chan amqp.Return, 1))
	publish(channel, source, "orders.new", "through")
	message := next(consumed(channel, queue))
	same([]any{message.Exchange, message.RoutingKey}, []any{source, "orders.new"})
	must(channel.ExchangeUnbind(middle, "orders.#", source, false, nil))
	publish(channel, source, "orders.new", "no more")
	same(string(next(returned).Body), "no more")
	must(channel.ExchangeDelete(source, true, false))
}

func outcomes(connection *amqp.Connection) {
	channel := got(connection.Channel())
	must(channel.Confirm(false))
	returned := channel.NotifyReturn(make(chan amqp.Return, 4))
	full := declared(channel, amqp.Table{"x-max-length": 1, "x-overflow": "reject-publish"})
	for number, expected := range []struct {
		key       string
		confirmed bool
		returned  int
	}{{"nowhere", true, 1}, {full, true, 0}, {full, false, 0}, {"nowhere", true, 1}} {
		body := fmt.Sprint("message ", number)
		confirm := got(channel.PublishWithDeferredConfirm("", expected.key, true, false, text(body)))
		same(confirm.Wait(), expected.confirmed)
		// The return came before.
		same(len(returned), expected.returned)
		for range expected.returned {
			same(string(next(returned).Body), body)
		}
	}
	must(channel.Close())
}

func cancels(connection *amqp.Connection) {
	channel, deleter := got(connection.Channel()), got(connection.Channel())
	queue := got(channel.QueueDeclare("", false, false, false, false, amqp.Table{"x-single-active-consumer": true})).Name
	cancelled := channel.NotifyCancel(make(chan string, 2))
	tags := map[string]bool{}
	for _, tag := range []string{"active", "waiting"} {
		got(channel.Consume(queue, tag, false, false, false, false, nil))
	}
	got(deleter.QueueDelete(queue, false, false, false))
	for range 2 {
		tags[next(cancelled)] = true
	}
	same(tags, map[string]bool{"active": true, "waiting": true})
}

func passives(connection *amqp.Connection) {
	_, err := got(connection.Channel()).QueueDeclarePassive("go-missing", false, false, false, false, nil)
	refused(err, amqp.NotFound, "NOT_FOUND - no queue 'go-missing' in vhost '/'")
	err = got(connection.Channel()).ExchangeDeclarePassive("go-missing", "direct", false, false, false, false, nil)
	refused(err, amqp.NotFound, "NOT_FOUND - no exchange 'go-missing' in vhost '/'")
}

func inequivalent(connection *amqp.Connection) {
	channel := got(connection.Channel())
	queue := got(channel.QueueDeclare(name+"-inequivalent", false, false, true, false, amqp.Table{"x-message-ttl": 60_000}))
	for _, one := range []struct {
		deletes   bool
		arguments amqp.Table
		text      string
	}{
		{true, amqp.Table{"x-message-ttl": 60_000}, "'auto_delete' for queue '%s' in vhost '/': received 'true' but current is 'false'"},
		{false, amqp.Table{"x-message-ttl": 60_001}, "'x-message-ttl' for queue '%s' in vhost '/': received '60001' but current is '60000'"},
		{false, nil, "'x-message-ttl' for queue '%s' in vhost '/': received none but current is the value '60000' of type 'signedint'"},
	} {
		_, err := got(connection.Channel()).QueueDeclare(queue.Name, false, one.deletes, true, false, one.arguments)
		refused(err, amqp.PreconditionFailed, "PRECONDITION_FAILED - inequivalent arg "+fmt.Sprintf(one.text, queue.Name))
	}
}

func invalid(connection *amqp.Connection) {
	for argument, one := range map[string]struct {
		value any
		text  string
	}{
		"x-expires":     {0, "{value_zero,0}"},
		"x-message-ttl": {-1, "{value_negative,-1}"},
		"x-overflow":    {"drop-tail", "invalid_overflow"},
		"x-max-length":  {"ten", "\"expected integer, got longstr\""},
	} {
		_, err := got(connection.Channel()).QueueDeclare("go-invalid", false, false, true, false, amqp.Table{argument: one.value})
		refused(err, amqp.PreconditionFailed, fmt.Sprintf(
			"PRECONDITION_FAILED - invalid arg '%s' for queue 'go-invalid' in vhost '/': %s", argument, one.text))
	}
}

func exclusives(connection *amqp.Connection) {
	channel := got(connection.Channel())
	mine := declared(channel, nil)
	other := got(amqp.Dial(url))
	_, err := got(other.Channel()).QueueDeclarePassive(mine, false, false, true, false, nil)
	refused(err, amqp.ResourceLocked, fmt.Sprintf("RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '%s' in vhost '/'. "+
		"It could be originally declared on another connection or the exclusive property value does not match that of the original declaration.", mine))
	must(other.Close())
	got(channel.Consume(mine, "", false, true, false, false, nil))
	_, err = got(connection.Channel()).Consume(mine, "", false, false, false, false, nil)
	refused(err, amqp.AccessRefused, fmt.Sprintf("ACCESS_REFUSED - queue '%s' in vhost '/' in exclusive use", mine))
}

func unknownTag(connection *amqp.Connection) {
	channel := got(connection.Channel())
	closed := channel.NotifyClose(make(chan *amqp.Error, 1))
	must(channel.Ack(7, false))
	refused(next(closed), amqp.PreconditionFailed, "PRECONDITION_FAILED - unknown delivery tag 7")
}

func reusesTag() {
	connection := got(amqp.Dial(url))
	closed := connection.NotifyClose(make(chan *amqp.Error, 1))
	channel := got(connection.Channel())
	queue := declared(channel, nil)
	got(channel.Consume(queue, "twice", false, false, false, false, nil))
	_, _ = channel.Consume(queue, "twice", false, false, false, false, nil)
	refused(next(closed), amqp.NotAllowed, "NOT_ALLOWED - attempt to reuse consumer tag 'twice'")
}
