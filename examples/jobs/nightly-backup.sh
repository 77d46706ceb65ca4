#!/bin/sh
# Runs a command and tells its heartbeat: nightly-backup.sh <command…>
# HEARTBEAT: https://….lambda-url.us-east-1.on.aws/heartbeat/nightly-backup    TOKEN: its token
beat() {
  status=$1
  shift
  curl -fsS --retry 5 -m 30 -o /dev/null -H "Authorization: Bearer $TOKEN" "$@" "$HEARTBEAT?status=$status"
}

# A backup is worth more than its heartbeat: it runs, and keeps its exit code, even where nobody can be told.
beat start
log=$(mktemp)
"$@" >"$log" 2>&1
code=$?
cat "$log"
tail -c 500 "$log" | beat "$code" --data-binary @-
rm -f "$log"
exit "$code"
