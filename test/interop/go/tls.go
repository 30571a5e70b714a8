package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

// triesTLS tries the connections of a file, one a line, and says of each whether a message went there and back.
func triesTLS() {
	file := got(os.Open(os.Getenv("TLS_TRIES")))
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Split(lines.Text(), "\t")
		if err := thereAndBack(fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]); err != nil {
			fmt.Printf("refused %q\n", err)
		} else {
			fmt.Println("passed")
		}
	}
}

func thereAndBack(version, port, authority, certificate, key, mechanism string) error {
	only := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[version]
	config := &tls.Config{MinVersion: only, MaxVersion: only, RootCAs: x509.NewCertPool()}
	config.RootCAs.AppendCertsFromPEM(got(os.ReadFile(authority)))
	if certificate != "-" {
		pair := got(tls.LoadX509KeyPair(certificate, key))
		// By itself it shows none to a broker that names other authorities.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	dial := amqp.DialTLS
	if mechanism == "EXTERNAL" {
		dial = amqp.DialTLS_ExternalAuth
	}
	connection, err := dial("amqps://guest:guest@localhost:"+port, config)
	if err != nil {
		return err
	}
	defer connection.Close()
	channel := got(connection.Channel())
	queue := got(channel.QueueDeclare("", false, true, true, false, nil))
	must(channel.Confirm(false))
	confirm := got(channel.PublishWithDeferredConfirm("", queue.Name, true, false, amqp.Publishing{Body: []byte("by TLS")}))
	same(confirm.Wait(), true)
	message, _, err := channel.Get(queue.Name, true)
	must(err)
	same(string(message.Body), "by TLS")
	return nil
}
