"""pika by TLS: tries the connections of a file, one a line, and says of each whether a message went there and back."""

import os
import ssl

import pika

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def there_and_back(version, port, authority, certificate, key, mechanism):
    context = ssl.create_default_context(cafile=authority)
    context.minimum_version = context.maximum_version = VERSIONS[version]
    if certificate != "-":
        context.load_cert_chain(certificate, key)
    external = {"credentials": pika.credentials.ExternalCredentials()} if mechanism == "EXTERNAL" else {}
    ssl_options = pika.SSLOptions(context, "localhost")
    parameters = pika.ConnectionParameters("localhost", int(port), ssl_options=ssl_options, **external)
    connection = pika.BlockingConnection(parameters)
    channel = connection.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.confirm_delivery()
    channel.basic_publish("", queue, b"by TLS", mandatory=True)
    _, _, body = channel.basic_get(queue, auto_ack=True)
    assert body == b"by TLS"
    connection.close()


with open(os.environ["TLS_TRIES"]) as tries:
    for line in tries:
        try:
            there_and_back(*line.rstrip("\n").split("\t"))
        except Exception as reason:
            print(f"refused {reason!r}", flush=True)
        else:
            print("passed", flush=True)
