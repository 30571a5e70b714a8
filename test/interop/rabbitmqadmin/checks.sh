# What the scripts for both programs begin with: `source checks.sh NAME PROGRAM`. HTTP_URL says where the API is
# (http://HOST:PORT). Goes into a directory that is gone in the end; `leave`, which the script says, is called before.
# shellcheck shell=bash disable=SC2034
program=$2
[[ $HTTP_URL =~ ^http://([^:/]+):([0-9]+)$ ]]
host=${BASH_REMATCH[1]} port=${BASH_REMATCH[2]}
vhost="$1-$$" user="$1-$$"
work=$(mktemp -d)
cd "$work"
trap 'leave >/dev/null 2>&1 || true; rm -rf "$work"' EXIT

# Says that a check holds, or ends the run: same WHAT ACTUAL EXPECTED
same() {
  if [[ $2 != "$3" ]]; then
    printf 'FAILED %s\nexpected: %s\n  actual: %s\n' "$1" "$3" "$2"
    exit 1
  fi
  printf 'ok %s\n' "$1"
}
