// What Terraform's provider for RabbitMQ does for each of its resources, by the library that it uses, rabbit-hole:
// create, read, update, read again and find no change, import by its name, delete, read that it is gone.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	neturl "net/url"
	"os"
	"path"
	"slices"

	rabbithole "github.com/michaelklishin/rabbit-hole/v2"
)

func resources() {
	client := got(rabbithole.NewClient(os.Getenv("HTTP_URL"), "guest", "guest"))
	vhost, user := name, name+"-user"

	check("vhost", func() {
		wrote(client.PutVhost(vhost, rabbithole.VhostSettings{Description: "first", Tags: []string{"a"}}))
		wrote(client.PutVhost(vhost, rabbithole.VhostSettings{Description: "second", Tags: []string{"a", "b"}, Tracing: true}))
		read := got(client.GetVhost(vhost))
		same([]any{read.Name, read.Description, read.Tracing}, []any{vhost, "second", true})
		wrote(client.PutVhost(vhost, rabbithole.VhostSettings{Description: "second"}))
		same(got(client.GetVhost(vhost)).Tracing, false)
	})
	check("vhost limits", func() {
		wrote(client.PutVhostLimits(vhost, rabbithole.VhostLimitsValues{"max-connections": 10, "max-queues": 20}))
		same(got(client.GetVhostLimits(vhost))[0].Value["max-queues"], 20)
		wrote(client.DeleteVhostLimits(vhost, rabbithole.VhostLimits{"max-queues"}))
		same(got(client.GetVhostLimits(vhost))[0].Value, rabbithole.VhostLimitsValues{"max-connections": 10})
		wrote(client.DeleteVhostLimits(vhost, rabbithole.VhostLimits{"max-connections"}))
	})
	check("user", func() {
		settings := rabbithole.UserSettings{Password: "carrot", Tags: []string{"management"}}
		wrote(client.PutUser(user, settings))
		settings.Tags = []string{"monitoring", "policymaker"}
		wrote(client.PutUser(user, settings))
		same([]string(got(client.GetUser(user)).Tags), []string{"monitoring", "policymaker"})
		hash := rabbithole.Base64EncodedSaltedPasswordHashSHA256("radish")
		wrote(client.PutUser(user, rabbithole.UserSettings{
			PasswordHash: hash, HashingAlgorithm: rabbithole.HashingAlgorithmSHA256, Tags: []string{"management"},
		}))
		same(got(client.GetUser(user)).PasswordHash, hash)
		same(got(got(rabbithole.NewClient(os.Getenv("HTTP_URL"), user, "radish")).Whoami()).Name, user)
		wrote(client.PutUserLimits(user, rabbithole.UserLimitsValues{"max-channels": 5}))
		same(got(client.GetUserLimits(user))[0].Value["max-channels"], 5)
		wrote(client.DeleteUserLimits(user, rabbithole.UserLimits{"max-channels"}))
	})
	check("permissions", func() {
		all := rabbithole.Permissions{Configure: ".*", Write: ".*", Read: ".*"}
		wrote(client.UpdatePermissionsIn(vhost, user, all))
		all.Read = ""
		wrote(client.UpdatePermissionsIn(vhost, user, all))
		read := got(client.GetPermissionsIn(vhost, user))
		same([]string{read.User, read.Vhost, read.Configure, read.Write, read.Read}, []string{user, vhost, ".*", ".*", ""})
		wrote(client.ClearPermissionsIn(vhost, user))
		gone(client.GetPermissionsIn(vhost, user))
	})
	check("topic permissions", func() {
		for _, exchange := range []string{"amq.topic", "other"} {
			wrote(client.UpdateTopicPermissionsIn(vhost, user, rabbithole.TopicPermissions{Exchange: exchange, Write: "w", Read: "r"}))
		}
		same(len(got(client.GetTopicPermissionsIn(vhost, user))), 2)
		wrote(client.DeleteTopicPermissionsIn(vhost, user, "other"))
		left := got(client.GetTopicPermissionsIn(vhost, user))
		same([]any{len(left), left[0].Exchange, left[0].Write}, []any{1, "amq.topic", "w"})
		wrote(client.ClearTopicPermissionsIn(vhost, user))
		gone(client.GetTopicPermissionsIn(vhost, user))
	})
	check("exchange", func() {
		settings := rabbithole.ExchangeSettings{
			Type: "topic", Durable: true, Arguments: map[string]any{"alternate-exchange": "amq.fanout"},
		}
		wrote(client.DeclareExchange(vhost, "e", settings))
		wrote(client.DeclareExchange(vhost, "e", settings))
		read := got(client.GetExchange(vhost, "e"))
		same([]any{read.Name, read.Type, read.Durable, bool(read.AutoDelete), read.Arguments},
			[]any{"e", "topic", true, false, settings.Arguments})
		settings.Type = "direct"
		refusedByHTTP(client.DeclareExchange(vhost, "e", settings))(400)
	})
	check("queue", func() {
		wrote(client.DeclareQueue(vhost, "q", rabbithole.QueueSettings{
			Durable: true, Type: "quorum", Arguments: map[string]any{"x-delivery-limit": 3},
		}))
		read := got(client.GetQueue(vhost, "q"))
		same([]any{read.Name, read.Durable, bool(read.AutoDelete), read.Arguments},
			[]any{"q", true, false, map[string]any{"x-delivery-limit": 3.0, "x-queue-type": "quorum"}})
		// As it comes from a file of JSON: numbers are no whole ones for Go.
		arguments := map[string]any{}
		must(json.Unmarshal([]byte(`{"x-message-ttl": 5000, "x-max-length": 10}`), &arguments))
		wrote(client.DeclareQueue(vhost, "of json", rabbithole.QueueSettings{AutoDelete: true, Arguments: arguments}))
		same(got(client.GetQueue(vhost, "of json")).Arguments["x-message-ttl"], 5000.0)
		wrote(client.DeleteQueue(vhost, "of json"))
	})
	check("binding, by the key that the Location says", func() { bindsAsTerraform(client, vhost) })
	check("policy", func() {
		policy := rabbithole.Policy{
			Pattern: "^q", ApplyTo: "queues", Priority: 1, Definition: rabbithole.PolicyDefinition{"max-length": 10},
		}
		wrote(client.PutPolicy(vhost, "p", policy))
		policy.Priority, policy.Definition = 2, rabbithole.PolicyDefinition{"max-length": 20, "overflow": "reject-publish"}
		wrote(client.PutPolicy(vhost, "p", policy))
		read := got(client.GetPolicy(vhost, "p"))
		same([]any{read.Name, read.Vhost, read.Pattern, read.ApplyTo, read.Priority, read.Definition["max-length"]},
			[]any{"p", vhost, "^q", "queues", 2, 20.0})
		same(len(got(client.ListPoliciesIn(vhost))), 1)
		wrote(client.DeletePolicy(vhost, "p"))
		gone(client.GetPolicy(vhost, "p"))
	})
	check("operator policy", func() {
		wrote(client.PutOperatorPolicy(vhost, "o", rabbithole.OperatorPolicy{
			Pattern: ".*", ApplyTo: "queues", Definition: rabbithole.PolicyDefinition{"max-length": 10},
		}))
		same(got(client.GetOperatorPolicy(vhost, "o")).Definition["max-length"], 10.0)
		wrote(client.DeleteOperatorPolicy(vhost, "o"))
		gone(client.GetOperatorPolicy(vhost, "o"))
	})
	check("shovels and upstreams of federation are refused, where there are no such plugins", func() {
		refusedByHTTP(client.DeclareShovel(vhost, "s", rabbithole.ShovelDefinition{
			SourceURI: []string{"amqp://a"}, DestinationURI: []string{"amqp://b"}, SourceQueue: "q", DestinationQueue: "q",
		}))(400)
		refusedByHTTP(client.PutFederationUpstream(vhost, "u", rabbithole.FederationDefinition{Uri: []string{"amqp://a"}}))(400)
		gone(client.GetShovel(vhost, "s"))
		gone(client.GetFederationUpstream(vhost, "u"))
	})
	check("global parameter, cluster name, feature flags", func() {
		wrote(client.PutGlobalParameter(name, map[string]any{"a": 1}))
		same(got(client.GetGlobalParameter(name)).Value, map[string]any{"a": 1.0})
		wrote(client.DeleteGlobalParameter(name))
		before := got(client.GetClusterName())
		wrote(client.SetClusterName(*before))
		wrote(client.EnableFeatureFlag("quorum_queue"))
		same(len(got(client.ListFeatureFlags())) > 0, true)
	})
	check("what the provider and others read besides", func() {
		same(got(client.Whoami()).Name, "guest")
		same(got(client.Overview()).Node != "", true)
		same(len(got(client.ListNodes())), 1)
		same(got(client.HealthCheckAlarms()).Status, "ok")
		same(got(client.HealthCheckVirtualHosts()).Status, "ok")
		same(got(client.HealthCheckProtocolListener("amqp")).Status, "ok")
		definitions := got(client.ListVhostDefinitions(vhost))
		same(len(*definitions.Queues), 1)
		got(client.ListConnections())
		got(client.ListChannels())
		got(client.ListConsumers())
	})
	check("all is deleted, and gone", func() {
		wrote(client.DeleteQueue(vhost, "q"))
		gone(client.GetQueue(vhost, "q"))
		wrote(client.DeleteExchange(vhost, "e"))
		gone(client.GetExchange(vhost, "e"))
		wrote(client.DeleteUser(user))
		gone(client.GetUser(user))
		wrote(client.DeleteVhost(vhost))
		gone(client.GetVhost(vhost))
		refusedByHTTP(client.DeleteVhost(vhost))(404)
	})
}

// bindsAsTerraform keeps of a binding what the Location of its declaration ends with, and finds, imports and deletes it
// by that.
func bindsAsTerraform(client *rabbithole.Client, vhost string) {
	for _, binding := range []rabbithole.BindingInfo{
		{Source: "e", Destination: "q", DestinationType: "queue", RoutingKey: "a.#/b c"},
		{Source: "e", Destination: "q", DestinationType: "queue", RoutingKey: ""},
		{Source: "e", Destination: "amq.direct", DestinationType: "exchange", RoutingKey: "x", Arguments: map[string]any{"n": 1}},
	} {
		response := got(client.DeclareBinding(vhost, binding))
		same(response.StatusCode, 201)
		location := got(response.Location())
		key := got(neturl.PathUnescape(path.Base(location.EscapedPath())))
		isIt := func(one rabbithole.BindingInfo) bool {
			return one.Source == "e" && one.Destination == binding.Destination && one.PropertiesKey == key
		}
		listed := got(client.ListBindingsIn(vhost))
		at := slices.IndexFunc(listed, isIt)
		if at < 0 {
			panic(fmt.Sprintf("no binding has the key %q: %v", key, listed))
		}
		same(listed[at].RoutingKey, binding.RoutingKey)
		wrote(client.DeleteBinding(vhost, listed[at]))
		same(slices.ContainsFunc(got(client.ListBindingsIn(vhost)), isIt), false)
	}
}

// wrote expects that something was made, changed or deleted.
func wrote(response *http.Response, err error) {
	must(err)
	if response.StatusCode != 201 && response.StatusCode != 204 {
		panic(fmt.Sprintf("answered by %d", response.StatusCode))
	}
}

// gone expects 404, which the provider takes for a resource that is to be made.
func gone[T any](_ T, err error) {
	statusOf(err, 404)
}

func refusedByHTTP(response *http.Response, err error) func(int) {
	return func(status int) {
		if err == nil {
			same(response.StatusCode, status)
			return
		}
		statusOf(err, status)
	}
}

func statusOf(err error, status int) {
	var refusal rabbithole.ErrorResponse
	if !errors.As(err, &refusal) {
		panic(fmt.Sprintf("expected %d, got %v", status, err))
	}
	same(refusal.StatusCode, status)
}
