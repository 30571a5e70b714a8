package main

import (
	"fmt"
	"os"
	"reflect"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const patience = 15 * time.Second

// check runs one part of the story. The program ends at the first that fails, with the reason.
func check(what string, part func()) {
	defer func() {
		if reason := recover(); reason != nil {
			fmt.Printf("FAILED %s\n%v\n", what, reason)
			os.Exit(1)
		}
	}()
	part()
	fmt.Println("ok", what)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func got[T any](value T, err error) T {
	must(err)
	return value
}

func same(actual, expected any) {
	if !reflect.DeepEqual(actual, expected) {
		panic(fmt.Sprintf("expected %#v, got %#v", expected, actual))
	}
}

// next is what comes from a channel, in time.
func next[T any](from <-chan T) T {
	select {
	case value, open := <-from:
		if !open {
			panic("it was closed")
		}
		return value
	case <-time.After(patience):
		panic("nothing came")
	}
}

// refused expects the broker's error with exactly this code and text.
func refused(err error, code int, text string) {
	failure, ok := err.(*amqp.Error)
	if !ok {
		panic(fmt.Sprintf("expected %d, got %v", code, err))
	}
	same([]any{failure.Code, failure.Reason, failure.Server}, []any{code, text, true})
}
