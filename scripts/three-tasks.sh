#!/usr/bin/env bash
# A mission of three tasks, one of each tier, from its law to everybody's money: created, paid, deployed, accepted, worked on, reviewed by
# the panel, let through the gate, settled, withdrawn. It is done with Foundry's `cast`, the interfaces (abi/json) and the address book
# alone, so whatever `agentcity` does, anybody can do. Nothing is sent that `agentcity` would not send, and the end is the same.
#
#   scripts/three-tasks.sh LAW
#
# LAW is a folder with what the session made law and its executors know:
#   session       the session, a word
#   pages, seats  pages of the statute and of its seats, in hex, one a line
#   terms.json    what the digests of the nodes commit to: a list, each with the fields of NodeTerms
# Node 0 is proved (its commitment is of the texts `input`, `output`, `salt`), on node 1 two of three executors agree, node 2 is reviewed.
#
# Environment:
#   RPC_URL        the chain's JSON-RPC                           DEPLOYMENTS  folder of address books (deployments)
#   CITY           the city's name in the book                    ABI          folder of the interfaces (abi/json beside this script)
#   SPONSOR_KEY    whom the law names                             CAST         the client (cast)
#   EXECUTOR_KEYS  of all who have seats, between blanks          WARP         set: the chain's clock is moved, as a devnode lets us;
#   PANEL_KEYS     of adjudicators, between blanks                             otherwise the script sleeps
# Keys stand in arguments of `cast` here, where every user of the machine can read them: take keys of a devnode.
set -euo pipefail

law=${1:?"say which LAW: a folder with session, pages, seats and terms.json"}
: "${RPC_URL:?}" "${CITY:?}" "${SPONSOR_KEY:?}" "${EXECUTOR_KEYS:?}" "${PANEL_KEYS:?}"
cast=${CAST:-cast}
abi=${ABI:-$(dirname "$0")/../abi/json}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export FOUNDRY_DISABLE_NIGHTLY_WARNING=1 NO_COLOR=1 ETH_RPC_URL=$RPC_URL

say() { printf '%s\n' "$*" >&2; }
fail() { say "error: $*"; exit 1; }

# ------------------------------------------------------------------ JSON, and what an interface says

# JSON as lines: the path to a value, a tab, the value.
flatten() {
  awk '
    function here() { return path[d] (d ? "." (kind[d] == "[" ? count[d] : key[d]) : "") }
    function done() { if (kind[d] == "[") count[d]++; else want[d] = 1 }
    {
      rest = $0
      while (rest != "") {
        if (match(rest, /^[ \t\r,:]+/)) { rest = substr(rest, RLENGTH + 1); continue }
        c = substr(rest, 1, 1)
        if (c == "{" || c == "[") { p = here(); d++; path[d] = p; kind[d] = c; count[d] = 0; want[d] = 1; RLENGTH = 1 }
        else if (c == "}" || c == "]") { d--; if (d) done(); RLENGTH = 1 }
        else if (match(rest, /^"([^"\\]|\\.)*"/)) {
          text = substr(rest, 2, RLENGTH - 2)
          if (kind[d] == "{" && want[d]) { key[d] = text; want[d] = 0 }
          else { print here() "\t" text; done() }
        } else { match(rest, /^[^] \t\r,:{}["]+/); print here() "\t" substr(rest, 1, RLENGTH); done() }
        rest = substr(rest, RLENGTH + 1)
      }
    }' "$1"
}

# value FILE PATH: a value of a JSON file.
value() {
  flatten "$1" | awk -F '\t' -v path="$2" '$1 == path { print $2; found = 1 } END { exit !found }' || fail "$1 has no $2"
}

# describe INTERFACE function|error NAME WHAT: of what an interface declares, its `signature`, the names of its `outputs`, or its `inputs`,
# or the fields of one of its input `struct`s, as "type name".
describe() {
  local flat=$work/$1
  [ -e "$flat" ] || flatten "$abi/$1.json" >"$flat"
  awk -F '\t' -v kind="$2" -v name="$3" -v what="$4" -v struct="${5:-}" '
    function list(p,    i, s) { for (i = 0; (p "." i ".type") in v; i++) s = s (i ? "," : "") type(p "." i); return s }
    function type(p,    t) { t = v[p ".type"]; return t ~ /^tuple/ ? "(" list(p ".components") ")" substr(t, 6) : t }
    function fields(p,    i) { for (i = 0; (p "." i ".type") in v; i++) print type(p "." i), v[p "." i ".name"] }
    { v[$1] = $2 }
    END {
      for (i = 0; ("." i ".type") in v; i++) if (v["." i ".type"] == kind && v["." i ".name"] == name) break
      p = "." i
      if (!((p ".type") in v)) exit 1
      if (what == "signature") print name "(" list(p ".inputs") ")"
      if (what == "inputs") fields(p ".inputs")
      if (what == "outputs") {
        single = v[p ".outputs.0.type"] ~ /^tuple/ && !((p ".outputs.1.type") in v)
        fields(single ? p ".outputs.0.components" : p ".outputs")
      }
      if (what == "struct")
        for (i = 0; (p ".inputs." i ".type") in v; i++)
          if (v[p ".inputs." i ".internalType"] ~ ("[.]" struct "([[]]|$)")) fields(p ".inputs." i ".components")
    }' "$flat" || fail "$1 has no $2 $3"
}

# ------------------------------------------------------------------ the city

chain=$($cast chain-id)
book=${DEPLOYMENTS:-deployments}/$chain.json
[ -e "$book" ] || fail "there is no address book at $book"
declare -A member
while IFS=$'\t' read -r path address; do
  path=${path#".cities.$CITY.members."}
  member[${path%.address}]=$address
done < <(flatten "$book" | grep -F ".cities.$CITY.members." | grep '\.address')
[ "${#member[@]}" -gt 0 ] || fail "$book knows no city $CITY"

# The interface of a member has its name.
interface() { printf 'I%s' "${1^}"; }

# ask MEMBER FUNCTION ARGUMENT…: the answer as it is, in hex. Asked in the name of $asker.
asker=0x0000000000000000000000000000000000000000
ask() {
  local sig
  sig=$(describe "$(interface "$1")" function "$2" signature)
  $cast call --from "$asker" "${member[$1]}" "$sig" "${@:3}"
}

# field NAME MEMBER FUNCTION ARGUMENT…: the word of this name in an answer of words.
field() {
  local place answer
  place=$(describe "$(interface "$2")" function "$3" outputs | awk -v name="$1" '$2 == name { print NR - 1; found = 1 } END { exit !found }') ||
    fail "$3 answers no $1"
  answer=$(ask "${@:2}")
  printf '0x%s\n' "${answer:$((2 + 64 * place)):64}"
}

number() { $cast to-dec "$1"; }
address() { $cast to-check-sum-address "0x${1: -40}"; }

# send KEY MEMBER FUNCTION ARGUMENT…: a transaction, in a block and done. It pays $paying wei. What it takes is estimated at another second
# than that of its block, so it is given some gas more; what is left is not paid.
paying=0
send() {
  local sig from gas receipt
  sig=$(describe "$(interface "$2")" function "$3" signature)
  from=$($cast wallet address --private-key "$1")
  gas=$($cast estimate --from "$from" --value "$paying" "${member[$2]}" "$sig" "${@:4}") || fail "$3 is refused"
  receipt=$($cast send --private-key "$1" --value "$paying" --gas-limit $((gas + 100000)) "${member[$2]}" "$sig" "${@:4}" --json)
  [[ $receipt == *'"status":"0x1"'* ]] || fail "$3 failed: $receipt"
  say "  $3"
}

now() { $cast block latest --field timestamp | cut -d ' ' -f 1; }

# until SECOND: waits for that second to be over.
until_after() {
  local second=$1 at
  at=$(now)
  while [ "$at" -le "$second" ]; do
    if [ -n "${WARP:-}" ]; then
      $cast rpc evm_setNextBlockTimestamp $((second + 1)) >/dev/null
      $cast rpc evm_mine >/dev/null
    else
      sleep $((second + 1 - at))
    fi
    at=$(now)
  done
}

declare -A key
for one in $EXECUTOR_KEYS $PANEL_KEYS $SPONSOR_KEY; do
  key[$($cast wallet address --private-key "$one")]=$one
done
sponsor=$($cast wallet address --private-key "$SPONSOR_KEY")
deadline=$(($(now) + 604800))

# ------------------------------------------------------------------ signatures

# sign KEY MEMBER STRUCT VALUE…: EIP-712, for a member; ${fields[@]} has "type name" of each field.
sign() {
  local types='' message='' i type name
  for i in "${!fields[@]}"; do
    read -r type name <<<"${fields[$i]}"
    types+="${types:+,}{\"name\":\"$name\",\"type\":\"$type\"}"
    local shown="\"${*:$((4 + i)):1}\""
    [ "$type" = bool ] && shown=${*:$((4 + i)):1}
    message+="${message:+,}\"$name\":$shown"
  done
  local domain='{"name":"name","type":"string"},{"name":"version","type":"string"},{"name":"chainId","type":"uint256"},{"name":"verifyingContract","type":"address"}'
  $cast wallet sign --private-key "$1" --data "{\"types\":{\"EIP712Domain\":[$domain],\"$3\":[$types]},\"primaryType\":\"$3\",
    \"domain\":{\"name\":\"AgentCity\",\"version\":\"1\",\"chainId\":$chain,\"verifyingContract\":\"${member[$2]}\"},\"message\":{$message}}"
}

# The same struct as an argument.
tuple() {
  local IFS=,
  printf '(%s)' "$*"
}

# ------------------------------------------------------------------ the mission

say "A mission is created, paid and deployed"
session=$(<"$law/session")
ends=$(number "$(field missionDeadline enactment lawOf "$session")")
budget=$(number "$(field budget enactment lawOf "$session")")
[ "$(number "$(ask treasury asset)")" = 0 ] || fail "the city pays in a token: approve the treasury for $budget of it, and leave out the coins"
mission=$(asker=$sponsor ask collaboration createMission "$session" "$ends")
send "$SPONSOR_KEY" collaboration createMission "$session" "$ends"
paying=$budget send "$SPONSOR_KEY" treasury fundMission "$mission" "$budget"
pages() { printf '[%s]' "$(paste -sd , "$1")"; }
send "$SPONSOR_KEY" statute deployMission "$mission" "$(pages "$law/pages")" "$(pages "$law/seats")"

# executor NODE SEAT: who sits there.
executor() { address "$(field agent collaboration seat "$mission" "$1" "$2")"; }

# route KEY NODE SEATS: starts a node with the code that its seats registered.
route() {
  local seat hashes=''
  for ((seat = 0; seat < $3; seat++)); do
    hashes+="${hashes:+,}$(field codeHash service standing "$(field serviceId collaboration seat "$mission" "$2" "$seat")")"
  done
  send "$1" collaboration routeTask "$mission" "$2" "[$hashes]"
}

# terms NODE: as an argument, the fields in the interface's order.
terms() {
  local name found=()
  while read -r _ name; do
    found+=("$(value "$law/terms.json" ".$1.$name")")
  done < <(describe IVerification function submitResult struct NodeTerms)
  tuple "${found[@]}"
}

hash() { $cast keccak "$1"; }
output=$(hash output)
trail=$(hash trail)

say "Node 0 is proved"
who=$(executor 0 0)
route "${key[$who]}" 0 1
send "${key[$who]}" verification submitResult "$mission" 0 "$(terms 0)" "$output" "$trail" "$($cast concat-hex "$(hash input)" "$(hash salt)")"

say "Two of three agree on node 1"
seats=()
for seat in 0 1 2; do seats+=("$(executor 1 $seat)"); done
mapfile -t fields < <(describe IStatute function acceptSeats struct SeatAcceptance)
acceptances='' signatures=''
for who in "${seats[@]:0:2}"; do
  said=("$mission" 1 0 "$who" "$deadline")
  acceptances+="${acceptances:+,}$(tuple "${said[@]}")"
  signatures+="${signatures:+,}$(sign "${key[$who]}" statute SeatAcceptance "${said[@]}")"
done
send "$SPONSOR_KEY" statute acceptSeats "[$acceptances]" "[$signatures]"
send "${key[${seats[2]}]}" collaboration acceptSeat "$mission" 1
route "$SPONSOR_KEY" 1 3
found=("$(hash spam)" "$(hash spam)" "$(hash ham)")
salts=() sealed=()
for seat in 0 1 2; do
  salts+=("0x$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')")
  words=$($cast abi-encode 'f(bytes32,uint16,uint8,address,bytes32,bytes32)' "$mission" 1 0 "${seats[$seat]}" "$(hash "${found[$seat]}")" "${salts[$seat]}")
  sealed+=("$(hash "$words")")
done
for seat in 0 1; do
  send "${key[${seats[$seat]}]}" verification commitResult "$mission" 1 "${sealed[$seat]}" "$trail"
done
# The third hands in by signature, which the sponsor relays.
mapfile -t fields < <(describe IVerification function submitBatch struct NodeResult)
commit=2 # as ResultKind numbers it
said=("$mission" 1 0 $commit "${seats[2]}" "${sealed[2]}" "$trail" 0x "$deadline")
signature=$(sign "${key[${seats[2]}]}" verification NodeResult "${said[@]}")
send "$SPONSOR_KEY" verification submitBatch "[$(tuple "${said[@]}")]" '[]' "[$signature]"
for seat in 0 1 2; do
  send "$SPONSOR_KEY" verification revealResult "$mission" 1 "${seats[$seat]}" "${found[$seat]}" "${salts[$seat]}"
done
until_after "$(number "$(field disputeUntil verification recordOf "$mission" 1 0)")"
send "$SPONSOR_KEY" verification closeVerification "$mission" 1 '[]'

say "Node 2 is reviewed, and the panel approves"
who=$(executor 2 0)
route "${key[$who]}" 2 1
content=$($cast from-utf8 ipfs://bafyreport)
send "${key[$who]}" verification submitResult "$mission" 2 "$(terms 2)" "$output" "$trail" "$content"
# An action of the panel has the arguments of the function that it lands in, and behind them why and until when.
mapfile -t fields < <(describe IVerification function decideReview inputs)
mapfile -t -O ${#fields[@]} fields < <(describe IAdjudication function decodeAction outputs | grep -E ' (justificationHash|contentAddress|deadline)$')
types=$(printf '%s\n' "${fields[@]}" | cut -d ' ' -f 1 | paste -sd ,)
said=("$mission" 2 0 true 900 0 "$(hash reasons)" "$(hash 'where they are')" "$deadline")
payload=$($cast abi-encode "f($types)" "${said[@]}")
# Which number the action has the panel itself tells: the one whose digest is ours.
domain=$($cast abi-encode 'f(bytes32,bytes32,bytes32,uint256,address)' \
  "$(hash 'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)')" "$(hash AgentCity)" "$(hash 1)" "$chain" "${member[adjudication]}")
struct=$($cast concat-hex "$(hash "DecideReview($(printf '%s\n' "${fields[@]}" | paste -sd ,))")" "$payload")
digest=$(hash "$($cast concat-hex 0x1901 "$(hash "$domain")" "$(hash "$struct")")")
action=1
until [ "$(ask adjudication digestOf $action "$payload" 2>/dev/null)" = "$digest" ]; do
  action=$((action + 1))
  [ $action -lt 256 ] || fail "the panel knows no such action"
done
needed=$(number "$(field signers adjudication requirementOf $action "$payload")")
signatures=''
# Signatures stand in the order of their signers.
read -ra panel <<<"$PANEL_KEYS"
for one in "${panel[@]:0:$needed}"; do
  printf '%s %s\n' "$($cast wallet address --private-key "$one" | tr A-F a-f)" "$one"
done | sort >"$work/panel"
while read -r _ one; do
  signatures+="${signatures:+,}$(sign "$one" adjudication DecideReview "${said[@]}")"
done <"$work/panel"
send "$SPONSOR_KEY" adjudication submit "$action" "$payload" "[$signatures]"

say "The gate, and everybody's money"
# Until monitors are late the gate says from when on it opens without them.
early=$(describe IGuardian error TooEarly signature)
if ! said=$(ask guardian filterOutput "$mission" 2>&1); then
  data=$(grep -oE "$($cast sig "$early")[0-9a-f]{64}" <<<"$said" | head -n 1) || fail "the gate refuses: $said"
  until_after "$(number "0x${data:10}")"
fi
send "$SPONSOR_KEY" guardian filterOutput "$mission"
until_after "$(number "$(field releaseAt treasury escrow "$mission")")"
for who in $(printf '%s\n' "$(executor 0 0)" "${seats[@]}" "$(executor 2 0)" | sort -u); do
  send "$SPONSOR_KEY" collaboration releaseAgent "$mission" "$who"
  send "${key[$who]}" treasury withdraw
done
send "$SPONSOR_KEY" treasury closeEscrow "$mission"
if [ "$(number "$(ask treasury credits "$sponsor")")" != 0 ]; then
  send "$SPONSOR_KEY" treasury withdraw
fi
printf '%s\n' "$mission"
