#!/usr/bin/env bash
# rabbitmqadmin as RabbitMQ's management plugin serves it, put into the directory that is named: from Debian's package of
# RabbitMQ, which need not be installed.
set -euo pipefail

build=$1
mkdir -p "$build"
[[ -s $build/rabbitmqadmin ]] && exit
find_in() { find "$1" -path '*/www/cli/rabbitmqadmin' -print -quit; }

served=$(find_in /usr/lib/rabbitmq 2>/dev/null || true)
if [[ -z $served ]]; then
  cd "$build"
  apt-get download -qq rabbitmq-server || { apt-get update -qq && apt-get download -qq rabbitmq-server; }
  dpkg-deb -x rabbitmq-server_*.deb package
  served=$(find_in "$build/package")
fi
cp "$served" "$build/rabbitmqadmin"
