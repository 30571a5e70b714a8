module leveret/bench/tls/storm

go 1.22
