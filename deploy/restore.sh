#!/usr/bin/env bash
# 恢复 of a suite on PostgreSQL into an empty database, from a file that deploy/backup.sh made; then the
# questions that must be answered before a service is let near it: the digest of the file, the
# balance of the ledger, and the chains of sealed events.
#
#     deploy/restore.sh FILE postgres://owner@host/yibao
#
# No service may run on the database meanwhile. `yibao` is looked for in $YIBAO and on the PATH.
# Status 0: all of it holds. What is restored and does not hold is left as it is, to be looked at.
set -euo pipefail
[ $# = 2 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 64; }
file=$1 url=$2
yibao=${YIBAO:-yibao}
command -v "$yibao" >/dev/null || { echo "restore: no program yibao: set YIBAO" >&2; exit 1; }
ask() { psql --no-psqlrc --no-password --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname="$url" --command="$1"; }

(cd "$(dirname "$file")" && sha256sum --quiet --check "$(basename "$file").sha256") ||
    { echo "restore: $file is not the file that was backed up" >&2; exit 1; }
there=$(ask "SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
             WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'")
[ "$there" = 0 ] || { echo "restore: the database is not empty: $there tables and indexes" >&2; exit 1; }

pg_restore --no-password --exit-on-error --single-transaction --dbname="$url" "$file"

# A dump has neither the rights on the database that deploy/prepare gave nor what it took from everybody.
ask "DO \$\$ DECLARE owner name; BEGIN
         EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
         FOR owner IN SELECT DISTINCT pg_get_userbyid(nspowner) FROM pg_namespace
                      WHERE nspname NOT LIKE 'pg\_%' AND nspname NOT IN ('information_schema', 'public') LOOP
             EXECUTE format('GRANT CONNECT, CREATE ON DATABASE %I TO %I', current_database(), owner);
         END LOOP;
     END \$\$" >/dev/null

lame=$(ask "SELECT count(*) FROM (SELECT 1 FROM settlement.posting GROUP BY area, transaction_id
            HAVING sum(amount_fen) <> 0) AS lame")
sum=$(ask "SELECT coalesce(sum(amount_fen), 0) FROM settlement.posting")
[ "$lame" = 0 ] && [ "$sum" = 0 ] ||
    { echo "restore: the ledger does not balance: $lame transactions, $sum fen" >&2; exit 1; }
echo "台账平衡：$(ask "SELECT count(*) FROM settlement.posting") 笔分录，合计 0 分"
"$yibao" verify --database "$url"
echo "待接手的长事务：$(ask "SELECT count(*) FROM orchestrator.saga WHERE state = 0") 个"
