# shellcheck shell=bash
# What agents and clerks do between a document and a law, in a city of `cargo xtask up`, by `agentcity` alone. In a city of real people the
# owners' machines and those of the offices do it (docs/agents.md, docs/tutorials/clerk.md); here everybody's keys are known.
#
#   source target/devnode/env
#   source scripts/session.sh
#   legislated FILE             makes FILE, a statute's document, law; prints the session
#   people, proposed, voted, identified, bidden, awarded      the parts of it that are the agents'
#
# Four people answer for an agent each: $SPONSOR, who pays for the mission, and $WORKER_1 to $WORKER_3, whose agents bid for its seats.
set -euo pipefail
# What fails within `$(…)` fails here too.
shopt -s inherit_errexit
: "${AGENTCITY_RPC_URL:?source the env file that cargo xtask up wrote}"

rpc() {
  curl -sf "$AGENTCITY_RPC_URL" -H 'content-type: application/json' -d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$1\",\"params\":[$2]}"
}

# Runs a command with the key of somebody.
as() {
  local who="$1_KEY"
  shift
  AGENTCITY_PRIVATE_KEY=${!who} agentcity "$@"
}

# value NAME: the first value of this name in JSON from stdin, a word or a number.
value() { grep -o "\"$1\":\"\?[0-9a-zA-Z]*" | head -1 | sed 's/.*[:"]//'; }

# Seconds that the chain's clock shows, and a way to let some pass: only a local chain has it.
now() { printf '%d\n' "$(rpc eth_getBlockByNumber '"latest",false' | value timestamp)"; }
pass() { rpc evm_increaseTime "$1" >/dev/null && rpc evm_mine '' >/dev/null; }

# outlast SESSION PART: until the time of a session's deliberation, or of the session itself, is over.
outlast() {
  local until
  until=$(agentcity law show "$1" --json | grep -o "\"$2\":{[^}]*}" | value expiresAt)
  pass $((until + 1 - $(now)))
}

# People of this story: known keys, so that a second run finds the first one's.
number=0
for one in SPONSOR WORKER_1 WORKER_2 WORKER_3; do
  for name in $one ${one}_AGENT; do
    number=$((number + 1))
    declare "${name}_KEY=$(printf '0x%064x' $((0xa9e27000 + number)))"
    declare "$name=$(as $name principal consent --class owner --json | value principal)"
  done
done

# They enrol, register an agent each, publish its service, and come of age: once in a city. Each agent pays in what it may stake.
people() {
  local one agent person
  echo '{}' >schema.json
  if agentcity principal show "$SPONSOR" >/dev/null 2>&1; then
    for one in WORKER_1 WORKER_2 WORKER_3; do as ${one}_AGENT credits deposit 10000000000000000; done
    return
  fi
  printf '#!/bin/sh\ncat\n' >worker.sh
  for one in SPONSOR WORKER_1 WORKER_2 WORKER_3; do
    agent=${one}_AGENT
    for person in $one $agent; do rpc anvil_setBalance "\"${!person}\",\"0x3635c9adc5dea00000\"" >/dev/null; done
    as REGISTRAR principal attest "${!one}" --evidence text:met --out "attested-$one.json"
    as $one principal enrol --attestation "attested-$one.json"
    as $one agent consent "${!agent}" --type producer --out "consent-$one.json"
    as "$agent" agent register --consent "consent-$one.json"
    as "$agent" service publish --code worker.sh --schema schema.json --endpoint http://127.0.0.1:9000
    as "$agent" credits deposit 10000000000000000
  done
  pass 604801
}

# proposed FILE: a petition opens a session, and the document is on its ballot. Prints the session.
proposed() {
  local petition session proposal one told
  echo 'What the city should do next.' >subject.md
  petition=$(as SPONSOR law petition subject.md --json | value petitionId)
  as WORKER_1 law endorse "$petition" >&2
  session=$(as SPONSOR law open "$petition" --json | value sessionId)
  proposal=$(as SPONSOR_AGENT law propose "$session" "$1" --domain "$(printf '0x%064x' 1)" --json | value proposalId)
  for one in SPONSOR WORKER_1 WORKER_2 WORKER_3; do
    told=$(as $one law sponsor "$proposal" --json)
    [ "$(value sponsors <<<"$told")" = "$(value needed <<<"$told")" ] && break
  done
  outlast "$session" deliberation
  as SPONSOR law step "$session" >&2
  echo "$session"
}

# voted SESSION: the debate is over; everybody seals a ballot and opens it, and anybody counts.
voted() {
  local one
  outlast "$1" deliberation
  as SPONSOR law step "$1"
  echo 0 >ballot.txt
  for one in SPONSOR WORKER_1 WORKER_2 WORKER_3; do as $one law vote "$1" ballot.txt --salt "salt-$one"; done
  outlast "$1" deliberation
  as SPONSOR law step "$1"
  for one in SPONSOR WORKER_1 WORKER_2 WORKER_3; do as $one law reveal "$1" ballot.txt --salt "salt-$one"; done
  outlast "$1" deliberation
  as SPONSOR law step "$1"
  as SPONSOR law tally "$1"
}

# identified SESSION CHALLENGE: the clerks and the agents answer the registrar.
identified() {
  as REGISTRAR law attest "$1" --challenge "$2" --principal "$OWNER_1"
  as SPEAKER law attest "$1" --challenge "$2" --principal "$OWNER_2"
  as REGULATOR law attest "$1" --challenge "$2" --principal "$OWNER_1"
  as CODIFIER law attest "$1" --challenge "$2" --principal "$OWNER_2"
  local one agent
  for one in WORKER_1 WORKER_2 WORKER_3; do
    agent=${one}_AGENT
    as "$agent" law attest "$1" --challenge "$2" --principal "${!one}"
  done
}

# bidden SESSION FILE: every worker's agent bids for every node, for what a seat of it may cost.
bidden() {
  local node=0 one agent service code tier
  while read -r tier; do
    for one in WORKER_1 WORKER_2 WORKER_3; do
      agent=${one}_AGENT
      service=$(agentcity service list --owner "${!agent}" --json | value service)
      code=$(agentcity service show "$service" --json | value codeHash)
      as "$agent" law bid "$1" $node --service "$service" --code "$code" --price 500000000000000 --stake 1000000000000000 --tier "$tier"
    done
    node=$((node + 1))
  done < <(grep -o '"popTier": *[0-9]' "$2" | grep -o '[0-9]$')
}

# awarded SESSION FILE: bidding is over, and the best bids have the seats.
awarded() {
  outlast "$1" session
  as SPONSOR law close-bidding "$1"
  as SPONSOR law award "$1" "$2"
}

# legislated FILE: all of it, what the clerks do included. Prints the session.
legislated() {
  local session
  echo 'Who is there?' >challenge.md
  echo 'It won.' >rationale.md
  {
    people
    session=$(proposed "$1")
    voted "$session"
    as REGISTRAR law request-identity "$session" --challenge challenge.md
    identified "$session" challenge.md
    as REGISTRAR law confirm "$session"
    as SPEAKER law publish "$session" "$1" --rationale rationale.md --mission-deadline $((($(now) / 3600 + 48) * 3600))
    bidden "$session" "$1"
    awarded "$session" "$1"
    as REGULATOR law decide "$session"
    # Published once in a city.
    as CODIFIER law template "$(printf '0x%064x' 2)" --template-version 1 --schema schema.json --nodes-max 100 --tiers 1,2,3 --risk high || true
    as CODIFIER law codify "$session" --template "$(printf '0x%064x' 2)" --template-version 1
    as CODIFIER law validate "$session" "$1"
    as SPEAKER law approve "$session" --role speaker
    as REGULATOR law approve "$session" --role regulator
  } >&2
  echo "$session"
}
