#!/usr/bin/env bash
# Brings docker-compose.yml up as a user would, in a project of its own, and takes it down again: echoes over TCP and WebSocket from
# this machine, scales to two gateways and three workers, kills a worker and sees it come back with every request answered.
# Needs a Docker engine with the compose plugin, and ports 7400 to 7402 free. About two minutes once the image is built.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PWD/node_modules/.bin:$PATH

# a longer wait than any container's start on a small machine, in seconds
readonly wait_s=180

compose() {
  docker compose --project-name causeway-check "$@"
}

client() {
  node --conditions=source infra/test/src/compose-check.ts "$@"
}

end() {
  local code=$?
  trap - EXIT
  if [ "$code" -ne 0 ]; then
    compose ps --all || true
    compose logs --no-color --tail 40 || true
  fi
  compose down --volumes --timeout 35 >/dev/null 2>&1 || true
  exit "$code"
}
trap end EXIT
trap 'exit 130' INT TERM

# answered PORT PATH: prints the body of a successful answer
answered() {
  node -e 'fetch(process.argv[1]).then(async r => { if (!r.ok) throw new Error(`${r.url}: ${r.status}`); console.log(await r.text()) }).catch(e => { console.error(e); process.exit(1) })' \
    "http://127.0.0.1:$1$2"
}

# kill_from_outside CONTAINER: SIGKILL to its first process. `docker kill` would count as a stop that is wanted, and the restart policy would leave it.
kill_from_outside() {
  local pid
  pid=$(docker inspect --format '{{.State.Pid}}' "$1")
  docker run --rm --pid host --user 0 --entrypoint node causeway:local -e "process.kill($pid, 'SIGKILL')"
}

restarts() {
  docker inspect --format '{{.RestartCount}}' "$1"
}

echo 'compose: up'
compose build --quiet
compose up --detach --wait --wait-timeout "$wait_s"
answered 7401 /readyz >/dev/null
answered 7402 /api/overview >/dev/null
client

echo 'compose: two gateways, three workers'
compose up --detach --wait --wait-timeout "$wait_s" --no-recreate --scale gateway=2 --scale worker=3
[ "$(compose ps --quiet gateway | wc -l)" -eq 2 ] && [ "$(compose ps --quiet worker | wc -l)" -eq 3 ]

echo 'compose: a worker killed under load'
client 20 &
load=$!
workers=$(compose ps --quiet worker)
victim=${workers%%$'\n'*}
sleep 3
kill_from_outside "$victim"
wait "$load"
compose up --detach --wait --wait-timeout "$wait_s" --no-recreate --scale gateway=2 --scale worker=3
if [ "$(restarts "$victim")" -lt 1 ]; then
  echo "compose: the killed worker $victim was not started again" >&2
  exit 1
fi
client
echo 'compose: passed'
