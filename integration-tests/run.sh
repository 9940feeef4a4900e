#!/usr/bin/env bash
# Everything that must hold, on a Debian-like machine with a Rust toolchain and root: installs what
# is missing, starts a private PostgreSQL and Redis in a temporary folder, runs formatting, lints,
# docs, the proto checks and every suite, on SQLite and on PostgreSQL with Redis, and leaves nothing
# running behind.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }

folder=$(mktemp -d "${TMPDIR:-/tmp}/yibao-tests.XXXXXX")
servers=()
cleanup() {
    for pid in "${servers[@]}"; do
        kill -INT "$pid" 2>/dev/null || continue
        while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    done
    rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

find_postgres() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1; }

say "tools"
missing=()
[ -x "$(find_postgres)/initdb" ] || missing+=(postgresql)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v cc >/dev/null || missing+=(gcc libc6-dev)
if [ ${#missing[@]} -gt 0 ]; then
    echo "installing: ${missing[*]}"
    # The packages would start servers of their own; ours are private.
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod +x /usr/sbin/policy-rc.d
        policy_is_ours=yes
    fi
    apt-get update -q >"$folder/apt.log" 2>&1 || { cat "$folder/apt.log"; exit 1; }
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}" \
        >"$folder/apt.log" 2>&1 || { cat "$folder/apt.log"; exit 1; }
    [ -z "${policy_is_ours:-}" ] || rm /usr/sbin/policy-rc.d
fi
# The alert rules are tested by one program of Debian's package; its server and its user stay out.
promtool=$(command -v promtool || true)
if [ -z "$promtool" ]; then
    echo "fetching: promtool"
    (
        cd "$folder"
        apt-get download -q prometheus || { apt-get update -q && apt-get download -q prometheus; }
        dpkg -x prometheus_*.deb prometheus && rm prometheus_*.deb
    ) >"$folder/promtool.log" 2>&1 || { cat "$folder/promtool.log"; exit 1; }
    promtool="$folder/prometheus/usr/bin/promtool"
fi
export YIBAO_TEST_PROMTOOL="$promtool"
bin=$(find_postgres)
"$bin/postgres" --version
cargo --version
# All of it, also what this platform does not build: a test reads who depends on whom without a network.
cargo fetch --locked --quiet

say "private PostgreSQL and Redis"
as_owner=()
if [ "$(id -u)" = 0 ]; then
    id postgres >/dev/null 2>&1 || useradd --system --no-create-home postgres
    chown postgres "$folder"
    as_owner=(runuser -u postgres --)
fi
"${as_owner[@]}" "$bin/initdb" -D "$folder/pg" -U postgres -A trust -E UTF8 --locale=C.UTF-8 \
    >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log"; exit 1; }
"${as_owner[@]}" mkdir -m 700 "$folder/socket"
# A Unix socket in a folder of our own needs no port at all. What it stores need not outlive it: no
# test kills this server (the crash campaign starts and kills its own), so it need not wait for disks.
"${as_owner[@]}" "$bin/postgres" -D "$folder/pg" -k "$folder/socket" -c listen_addresses= \
    -c max_connections=1000 -c fsync=off >"$folder/postgres.log" 2>&1 &
launcher=$!
for _ in $(seq 1 200); do
    [ -s "$folder/pg/postmaster.pid" ] && [ -S "$folder/socket/.s.PGSQL.5432" ] && break
    kill -0 "$launcher" 2>/dev/null || { cat "$folder/postgres.log"; exit 1; }
    sleep 0.1
done
servers+=("$(head -1 "$folder/pg/postmaster.pid")")
postgres_url="postgres://postgres@localhost/postgres?host=$folder/socket"
redis-server --port 0 --unixsocket "$folder/redis.sock" --dir "$folder" --save '' \
    >"$folder/redis.log" 2>&1 &
servers+=($!)
for _ in $(seq 1 100); do [ -S "$folder/redis.sock" ] && break; sleep 0.1; done
[ -S "$folder/redis.sock" ] || { cat "$folder/redis.log"; exit 1; }
redis_url="redis+unix://$folder/redis.sock"
echo "ready: processes ${servers[*]}"

# Everything here is built once: what would speed a second build is gigabytes.
export CARGO_INCREMENTAL=0
say "format"
cargo fmt --all -- --check
say "lints"
cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
say "docs"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
if command -v npm >/dev/null; then
    say "proto lint"
    (cd "$folder" && npm install --silent --no-fund --no-audit --prefix "$folder/npm" @bufbuild/buf@1 >npm.log 2>&1) ||
        { cat "$folder/npm.log"; exit 1; }
    "$folder/npm/node_modules/.bin/buf" lint proto
    export YIBAO_TEST_BUF="$folder/npm/node_modules/.bin/buf"
else
    echo "npm is not here: proto lint is skipped"
fi
if python3 -c 'import venv, ensurepip' 2>/dev/null; then
    say "python for the reference client"
    (python3 -m venv "$folder/python" && "$folder/python/bin/pip" install --quiet --disable-pip-version-check \
        -r integration-tests/clients/requirements.txt) >"$folder/pip.log" 2>&1 ||
        { cat "$folder/pip.log"; exit 1; }
    export YIBAO_TEST_PYTHON="$folder/python/bin/python"
    say "deploy"
    deploy/validate
else
    echo "python3 with venv is not here: the reference client is skipped"
fi

passed=0 failed=0
suite() { # title, then cargo's arguments
    say "$1"
    shift
    local status=0
    cargo test --locked --no-fail-fast "$@" 2>&1 | tee "$folder/suite.log" || status=$?
    passed=$((passed + $(awk '/^test result:/ {n += $4} END {print n + 0}' "$folder/suite.log")))
    failed=$((failed + $(awk '/^test result:/ {n += $6} END {print n + 0}' "$folder/suite.log")))
    [ "$status" = 0 ] || { echo "$passed passed, $((failed > 0 ? failed : 1)) failed"; exit "$status"; }
}
suite "examples in the documentation" --workspace --doc --quiet
suite "suites on SQLite" --workspace --lib --bins --tests
export YIBAO_TEST_POSTGRES="$postgres_url" YIBAO_TEST_REDIS="$redis_url"
suite "suites on PostgreSQL with Redis" --workspace --lib --bins --tests

printf '\n'
echo "$passed passed, $failed failed"
