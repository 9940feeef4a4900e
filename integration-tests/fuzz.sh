#!/usr/bin/env bash
# Hostile input, more of it than the suite has time for: every parser, then every method of every
# service, with so many cases each, drawn from a seed that is printed and gives the same cases again.
#
#   integration-tests/fuzz.sh [CASES] [SEED] [PARSER-OR-METHOD]
#
# A case that fails is printed, and a parser's is kept in a file: put it into
# integration-tests/corpus/<parser>/ under a name that says what it is, and mend the parser.
# YIBAO_TEST_POSTGRES and YIBAO_TEST_REDIS choose the stores, as in the suite.
set -euo pipefail
cd "$(dirname "$0")/.."

export YIBAO_FUZZ_CASES="${1:-20000}" YIBAO_FUZZ_SEED="${2:-$RANDOM}"
[ -z "${3:-}" ] || export YIBAO_FUZZ_ONLY="$3"
echo "cases $YIBAO_FUZZ_CASES, seed $YIBAO_FUZZ_SEED${3:+, only $3}"

cargo test --locked -p integration-tests --test hostile -- --nocapture whatever_comes
# A request costs more than a text: a hundredth of the cases, and not fewer than the suite has.
methods=$((YIBAO_FUZZ_CASES / 100))
YIBAO_FUZZ_CASES=$((methods > 8 ? methods : 8)) \
    cargo test --locked -p integration-tests --test proto -- --nocapture hostile_requests
